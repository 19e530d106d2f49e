"""*Log in with Clever*: to Clever and back."""

import secrets
from dataclasses import astuple
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rosterhold.adapters.clever.login import (
    Attempt,
    CleverLogin,
    CleverLoginError,
    CleverPerson,
    NotAnAdministratorError,
)
from rosterhold.adapters.database import accounts, districts
from rosterhold.adapters.database.sessions import LoginBy
from rosterhold.adapters.links import own_page
from rosterhold.roster.language import N_
from rosterhold.web.entry import let_in
from rosterhold.web.login import forget_cookie, login_page, set_cookie
from rosterhold.web.security import cookie_name
from rosterhold.web.site import Site, site_of

# What a browser keeps between leaving for Clever and coming back.
_ATTEMPT: Final = "rosterhold_clever"
_ATTEMPT_S: Final = 600
_PURPOSE: Final = "clever login"
_CALLBACK: Final = "/login/clever/callback"

_FAILED: Final = N_("Logging in with Clever did not work")
_AGAIN: Final = N_("Please try again, or let us send you a link.")
_NOT_ADMIN: Final = N_(
    "In Clever you are not an administrator of a district that uses this site. Please log in at "
    "Clever as a district administrator, or let us send you a link."
)

log = structlog.get_logger(__name__)


async def leave(request: Request) -> Response:
    """Send the browser to Clever."""
    site, clever = site_of(request), _clever(request)
    wanted = own_page(request.query_params.get("next", "/"))
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    try:
        address = await clever.address(attempt, site.public_url + _CALLBACK)
    except CleverLoginError as error:
        log.warning("nobody can log in with Clever", error=str(error))
        return await run_in_threadpool(_refused, request, wanted, _AGAIN)
    answer = RedirectResponse(address, 303)
    kept = site.tickets.sign(_PURPOSE, [*astuple(attempt), wanted])
    set_cookie(site, answer, _ATTEMPT, kept, _ATTEMPT_S)
    return answer


async def come_back(request: Request) -> Response:
    """Let somebody in whom Clever vouches for."""
    site, clever = site_of(request), _clever(request)
    asked = request.query_params
    if "code" in asked and "state" not in asked:
        # Who comes from Clever's own portal has no attempt of ours: it begins here.
        return RedirectResponse(f"{site.base}/login/clever", 303)
    kept = request.cookies.get(cookie_name(site, _ATTEMPT), "")
    content = site.tickets.read(_PURPOSE, kept, _ATTEMPT_S)
    *words, wanted = content or ["", "", "", "/"]
    attempt = Attempt(*words)
    if not attempt.state or not secrets.compare_digest(
        attempt.state.encode(), asked.get("state", "").encode()
    ):
        return await run_in_threadpool(_refused, request, wanted, _AGAIN)
    try:
        person = await clever.person(
            attempt,
            asked.get("code", ""),
            site.public_url + _CALLBACK,
            int(site.clock().timestamp()),
        )
    except NotAnAdministratorError:
        return await run_in_threadpool(_refused, request, wanted, _NOT_ADMIN)
    except CleverLoginError as error:
        log.warning("somebody could not log in with Clever", error=str(error))
        return await run_in_threadpool(_refused, request, wanted, _AGAIN)
    return await run_in_threadpool(_let_in, request, site, person, wanted)


def _let_in(request: Request, site: Site, person: CleverPerson, wanted: str) -> Response:
    with site.database.transaction() as tx:
        district = districts.find(tx.conn, person.district_clever_id)
        account = district and accounts.from_clever(
            tx, district_id=district.id, clever_id=person.clever_id, email=person.email
        )
        if account:
            email = accounts.plain(person.email)
            answer = let_in(request, tx, email, account.id, LoginBy.CLEVER, wanted)
            forget_cookie(site, answer, _ATTEMPT)
            return answer
    return _refused(request, wanted, _NOT_ADMIN)


def _refused(request: Request, wanted: str, why: str) -> Response:
    answer = login_page(request, wanted, status=403, heading=_FAILED, why=why)
    forget_cookie(site_of(request), answer, _ATTEMPT)
    return answer


def _clever(request: Request) -> CleverLogin:
    """Clever's side.

    Raises:
        HTTPException: 404, logging in with Clever is not offered.
    """
    clever = site_of(request).clever_login
    if clever is None:
        raise HTTPException(404)
    return clever


ROUTES: Final = (Route("/login/clever", leave), Route(_CALLBACK, come_back))
