"""Who is there, what they may see, and what every answer tells the browser."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rosterhold.adapters.database import districts, syncs
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.tickets import Purpose, Ticket
from rosterhold.web.site import Site, site_of

COOKIE: Final = "rosterhold_session"
SESSION_MAX_AGE_S: Final = 12 * 3600

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
        "img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    # The pages and their addresses are nobody else's business.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class SecurityHeaders:
    """Adds the headers to every answer that does not say otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


@dataclass(frozen=True, slots=True)
class Visitor:
    """An administrator who came in, and the one district that is theirs."""

    email: str
    district: DistrictRow
    session: str


def let_in(site: Site, response: Response, ticket: Ticket) -> None:
    """Set the session cookie."""
    session = site.tickets.for_administrator(
        ticket.district_id, ticket.email, purpose=Purpose.SESSION
    )
    response.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_MAX_AGE_S,
        path=site.base or "/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


def is_administrator(conn: sa.Connection, ticket: Ticket) -> bool:
    """Whether the ticket's holder still is one: taking the address away shuts the door."""
    return ticket.email in districts.emails_of(conn, ticket.district_id)


def visitor_of(request: Request, conn: sa.Connection) -> Visitor:
    """Who is asking.

    Raises:
        HTTPException: 401, nobody who came in.
    """
    session = request.cookies.get(COOKIE, "")
    ticket = site_of(request).tickets.read(session, SESSION_MAX_AGE_S, purpose=Purpose.SESSION)
    district = None if ticket is None else districts.find(conn, ticket.district_id)
    if ticket is None or district is None or not is_administrator(conn, ticket):
        raise HTTPException(401)
    return Visitor(ticket.email, district, session)


def own_sync(request: Request, conn: sa.Connection, visitor: Visitor) -> SyncRow:
    """The sync that the address names.

    Raises:
        HTTPException: 404, there is none or it is another district's; one cannot tell which.
    """
    sync = syncs.load(conn, request.path_params["sync_id"].upper())
    if sync is None or sync.district_id != visitor.district.id:
        raise HTTPException(404)
    return sync


def form_token(request: Request, visitor: Visitor) -> str:
    return site_of(request).tickets.form_token(visitor.session)


def check_form_token(request: Request, visitor: Visitor, form_token: str) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        HTTPException: 403.
    """
    if not site_of(request).tickets.fits(form_token, visitor.session, SESSION_MAX_AGE_S):
        raise HTTPException(403)
