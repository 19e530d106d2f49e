"""The way in by a link: it is looked at first and used by a button, once.

Programs that check mails open every link in them; they press no button.
"""

from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rosterhold.adapters.database import accounts, login_links, sessions
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.login_links import Link
from rosterhold.adapters.database.sessions import LONGEST, LoginBy
from rosterhold.roster.language import N_
from rosterhold.web.forms import form_of
from rosterhold.web.login import check_browser, login_page, open_page, set_cookie
from rosterhold.web.security import SESSION, client_of, known_visitor, session_token
from rosterhold.web.site import site_of

log = structlog.get_logger(__name__)

_SHUT: Final = N_("This link no longer works")
_WHY: Final = N_(
    "A link works once, and for 15 minutes. Your roster is safe meanwhile: a sync that is on hold "
    "stays on hold."
)


def enter(request: Request) -> Response:
    """Show whose link it is, and the button."""
    site, token = site_of(request), request.path_params["ticket"]
    with site.database.reading() as conn:
        link = login_links.look(conn, token, site.clock())
        visitor = known_visitor(request, conn)
    if link is not None and visitor is not None and visitor.email == link.email:
        return RedirectResponse(site.base + link.page, 303)
    if link is None or not link.works:
        return _shut(request, link)
    return open_page(request, "enter.html", email=link.email, ticket=token)


async def post_enter(request: Request) -> Response:
    form = await form_of(request)
    return await run_in_threadpool(_come_in, request, form)


def _come_in(request: Request, form: dict[str, str]) -> Response:
    check_browser(request, form)
    site, token, now = site_of(request), request.path_params["ticket"], site_of(request).clock()
    with site.database.transaction() as tx:
        link = login_links.use(tx, token, now)
        if link is not None and accounts.is_known(tx.conn, link.email):
            staff = accounts.staff(tx.conn, link.email)
            account_id = None if staff is None else staff.id
            return let_in(request, tx, link.email, account_id, LoginBy.MAIL, link.page)
        link = link or login_links.look(tx.conn, token, now)
    return _shut(request, link)


def let_in(
    request: Request,
    tx: Transaction,
    email: str,
    account_id: str | None,
    login_by: LoginBy,
    page: str,
) -> Response:
    """Begin a session in the place of the one that the browser had, and lead to the page."""
    site = site_of(request)
    sessions.end(tx, session_token(request))
    token = sessions.begin(
        tx,
        email=email,
        account_id=account_id,
        login_by=login_by,
        from_where=client_of(request),
        now=site.clock(),
    )
    answer = RedirectResponse(site.base + page, 303)
    set_cookie(site, answer, SESSION, token, int(LONGEST.total_seconds()))
    log.info("somebody came in", login=login_by.value, account_id=account_id)
    return answer


def _shut(request: Request, link: Link | None) -> Response:
    page = "/" if link is None else link.page
    token = request.path_params["ticket"]
    return login_page(request, page, status=403, heading=_SHUT, link=token, why=_WHY)


ROUTES: Final = (
    Route("/enter/{ticket}", enter),
    Route("/enter/{ticket}", post_enter, methods=["POST"]),
)
