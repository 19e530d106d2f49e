"""The operations page of webhooks: endpoints, and what they were told."""

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rosterhold.adapters.database import webhooks
from rosterhold.adapters.database.webhooks import PAGE, DeliveryStatus
from rosterhold.web.forms import form_of
from rosterhold.web.operations.pages import operations_page, staff
from rosterhold.web.pages import message_page
from rosterhold.web.security import Visitor, check_form_token, form_token
from rosterhold.web.site import site_of

SWITCHES: Final = frozenset({"on", "off"})
# Digits of a delivery's number that fit into its column.
LONGEST_NO: Final = 18


def webhooks_page(request: Request) -> Response:
    """Endpoints with what waits for them, and deliveries, newest first."""
    visitor, site = staff(request), site_of(request)
    status = request.query_params.get("status", "")
    status = status if status in set(DeliveryStatus) else ""
    before = request.query_params.get("before", "")
    is_number = before.isascii() and before.isdecimal() and len(before) <= LONGEST_NO
    with site.database.reading() as conn:
        content: dict[str, Any] = {
            "now": site.database.now(conn),
            "endpoints": webhooks.every_endpoint(conn),
            "waiting": webhooks.waiting_by_endpoint(conn),
            "lines": webhooks.log_of(
                conn,
                statuses=[DeliveryStatus(status)] if status else (),
                before_no=int(before) if is_number else None,
            ),
        }
    content |= {
        "wanted": status,
        "statuses": [one.value for one in DeliveryStatus],
        "page_size": PAGE,
        "may_act": visitor.may_decide,
        "form_token": form_token(request, visitor),
    }
    return operations_page(request, visitor, "webhooks", content)


async def post_delivery(request: Request) -> Response:
    """Send a delivery again."""
    return await run_in_threadpool(_resend, request, await form_of(request))


def _resend(request: Request, fields: dict[str, str]) -> Response:
    _operator(request, fields)
    site = site_of(request)
    with site.database.transaction() as tx:
        delivery = webhooks.load(tx.conn, request.path_params["delivery_id"].upper())
        if delivery is None:
            raise HTTPException(404)
        is_sent = webhooks.resend(tx, delivery)
        work = tuple(tx.work)
    if not is_sent:
        return message_page(request, 409, "Nothing was changed", "It waits to be sent anyway.")
    site.doorbell.ring(work)
    return _back(request)


async def post_endpoint(request: Request) -> Response:
    """Switch an endpoint on or off."""
    return await run_in_threadpool(_switch, request, await form_of(request))


def _switch(request: Request, fields: dict[str, str]) -> Response:
    visitor = _operator(request, fields)
    if fields.get("switch") not in SWITCHES:
        raise HTTPException(400)
    with site_of(request).database.transaction() as tx:
        endpoint = webhooks.find_endpoint(tx.conn, request.path_params["endpoint_id"].upper())
        if endpoint is None:
            raise HTTPException(404)
        if fields["switch"] == "on":
            webhooks.switch_on(tx, endpoint.id)
        else:
            webhooks.switch_off(tx, endpoint.id, f"by {visitor.email}")
    return _back(request)


def _operator(request: Request, fields: dict[str, str]) -> Visitor:
    """Raises HTTPException: 403 for support and for a form that is not theirs."""
    visitor = staff(request)
    if not visitor.may_decide:
        raise HTTPException(403)
    check_form_token(request, visitor, fields.get("csrf", ""))
    return visitor


def _back(request: Request) -> Response:
    return RedirectResponse(f"{site_of(request).base}/operations/webhooks", 303)
