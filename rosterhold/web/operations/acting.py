"""What operators do to a piece of work from its page: retry now, give up."""

from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rosterhold.adapters.database import operator_actions
from rosterhold.adapters.database.decisions import Person
from rosterhold.adapters.database.operator_actions import GIVE_UP, RETRY, Refused
from rosterhold.web.forms import form_of
from rosterhold.web.operations.pages import staff
from rosterhold.web.pages import message_page
from rosterhold.web.security import check_form_token
from rosterhold.web.site import site_of

FROM_WHERE: Final = "web"


async def post_action(request: Request) -> Response:
    """Do it, and go back to the list."""
    return await run_in_threadpool(_act, request, await form_of(request))


def _act(request: Request, fields: dict[str, str]) -> Response:
    visitor, site = staff(request), site_of(request)
    if not visitor.may_decide:
        raise HTTPException(403)
    check_form_token(request, visitor, fields.get("csrf", ""))
    action = fields.get("action", "")
    if action not in {RETRY, GIVE_UP}:
        raise HTTPException(400)
    person = Person(visitor.email, FROM_WHERE)
    work_id = request.path_params["work_id"]
    reason = fields.get("reason", "")
    done = operator_actions.do(site.database, action, work_id, person, reason)
    if isinstance(done, Refused):
        status = 400 if done is operator_actions.NO_REASON else 409
        return message_page(request, status, "Nothing was changed", done.sentence)
    site.doorbell.ring(done)
    kept = {name: fields[name] for name in ("queue", "stands") if fields.get(name)}
    query = f"?{urlencode(kept)}" if kept else ""
    return RedirectResponse(f"{site.base}/operations/work{query}", 303)
