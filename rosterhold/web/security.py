"""Who is there, what they may see, and what every answer tells the browser."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rosterhold.adapters.database import accounts, districts, sessions, syncs
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.sessions import LONGEST, NOTED_EVERY, Session
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.web.site import Site, site_of

SESSION: Final = "rosterhold_session"

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
_ONLY_BY_TLS: Final = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers to every answer that does not say otherwise."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = HEADERS | (_ONLY_BY_TLS if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who came in.

    Attributes:
        districts: those of an administrator; empty for staff, who see all of them.
    """

    email: str
    role: Role
    districts: tuple[DistrictRow, ...]
    session: Session

    @property
    def district(self) -> DistrictRow | None:
        """The one district that is theirs; None for staff, and while there are several."""
        return self.districts[0] if len(self.districts) == 1 else None

    @property
    def may_decide(self) -> bool:
        return self.role.may_decide

    def sees(self, district_id: str) -> bool:
        return self.role.is_staff or any(one.id == district_id for one in self.districts)


def cookie_name(site: Site, name: str) -> str:
    """The name of a cookie, by which browsers keep it to this host, path and TLS where they can."""
    if not site.is_https:
        return name
    return f"__Secure-{name}" if site.base else f"__Host-{name}"


def session_token(request: Request) -> str:
    """The token in the session's cookie; "" without one."""
    return request.cookies.get(cookie_name(site_of(request), SESSION), "")


def visitor_of(request: Request, conn: sa.Connection) -> Visitor:
    """Who is asking.

    Raises:
        HTTPException: 401, nobody who came in.
    """
    visitor = known_visitor(request, conn)
    if visitor is None:
        raise HTTPException(401)
    return visitor


def known_visitor(request: Request, conn: sa.Connection) -> Visitor | None:
    """Who is asking; None for nobody who came in. The pages show who is in from then on."""
    site, now = site_of(request), site_of(request).clock()
    token = session_token(request)
    session = sessions.find(conn, token, now) if token else None
    if session is None:
        return None
    rights = accounts.rights_of(conn, session.email, session.account_id)
    if rights is None:
        return None
    if now - session.seen_at > NOTED_EVERY:
        with site.database.transaction() as tx:
            sessions.note_visit(tx, session.id, now)
    visitor = Visitor(session.email, rights.role, rights.districts, session)
    request.state.visitor = visitor
    return visitor


def staff_of(request: Request, conn: sa.Connection) -> Visitor:
    """Support or an operator, who is asking for a page of operations.

    Raises:
        HTTPException: 401, nobody who came in; 404, an administrator of a district.
    """
    visitor = visitor_of(request, conn)
    if not visitor.role.is_staff:
        raise HTTPException(404)
    return visitor


def district_in_view(request: Request, conn: sa.Connection, visitor: Visitor) -> DistrictRow:
    """The district that the address names.

    Raises:
        HTTPException: 404, there is none or it is not theirs; one cannot tell which.
    """
    district = districts.find(conn, request.path_params["district_id"])
    if district is None or not visitor.sees(district.id):
        raise HTTPException(404)
    return district


def own_sync(request: Request, conn: sa.Connection, visitor: Visitor) -> SyncRow:
    """The sync that the address names.

    Raises:
        HTTPException: 404, there is none or it is another district's; one cannot tell which.
    """
    sync = syncs.load(conn, request.path_params["sync_id"].upper())
    if sync is None or not visitor.sees(sync.district_id):
        raise HTTPException(404)
    return sync


def district_of(conn: sa.Connection, sync: SyncRow) -> DistrictRow:
    """The district of a sync that the visitor may see.

    Raises:
        HTTPException: 404, there is none.
    """
    district = districts.find(conn, sync.district_id)
    if district is None:
        raise HTTPException(404)
    return district


def form_token(request: Request, visitor: Visitor) -> str:
    return site_of(request).tickets.form_token(visitor.session.id)


def check_form_token(request: Request, visitor: Visitor, form_token: str) -> None:
    """Refuse a form that was not made for this session, or that another site sends.

    Raises:
        HTTPException: 403.
    """
    refuse_other_sites(request)
    longest = int(LONGEST.total_seconds())
    if not site_of(request).tickets.fits(form_token, visitor.session.id, longest):
        raise HTTPException(403)


def refuse_other_sites(request: Request) -> None:
    """Refuse what a browser says that another site's page sends (Fetch Metadata).

    Raises:
        HTTPException: 403.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403)


def client_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""
