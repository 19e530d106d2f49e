"""The page where the owner of an address ends the reminders, or wants them again.

Whoever has the token of a mail may do so, without a login: a mail program does it by itself when
its own button is pressed (RFC 8058). Looking at the page changes nothing, since programs that check
the links of mails look at it too.
"""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rosterhold.adapters.database import addresses, districts
from rosterhold.roster.language import N_
from rosterhold.web.forms import form_of
from rosterhold.web.pages import message_page, page
from rosterhold.web.site import site_of

SUBSCRIBE: Final = "subscribe"


def show(request: Request) -> Response:
    return _page(request, None)


async def post(request: Request) -> Response:
    form = await form_of(request)
    # The one click of a mail program says "List-Unsubscribe=One-Click", in a form of either kind.
    return await run_in_threadpool(_page, request, form.get("action") == SUBSCRIBE)


def _page(request: Request, wanted: bool | None) -> Response:  # noqa: FBT001 - of `post` alone
    """Note what is wanted, if anything is, and show how it stands."""
    site = site_of(request)
    ticket = site.tickets.unsubscribing(request.path_params["token"])
    with site.database.reading() as conn:
        district = None if ticket is None else districts.find(conn, ticket.district_id)
    if ticket is None or district is None:
        return message_page(
            request,
            404,
            N_("This link is not whole"),
            N_(
                "Please copy the address from the mail as a whole, and open it again. Nothing was "
                "changed."
            ),
        )
    with site.database.transaction() as tx:
        if wanted is not None:
            addresses.want_reminders(tx, district.id, ticket.email, wanted=wanted)
        address = addresses.load(tx.conn, district.id, ticket.email)
    return page(
        request,
        "unsubscribe.html",
        name=district.name,
        email=ticket.email,
        gets_reminders=address.no_reminders_since is None,
        subscribe=SUBSCRIBE,
    )


ROUTES: Final = [
    Route("/unsubscribe/{token}", show),
    Route("/unsubscribe/{token}", post, methods=["POST"]),
]
