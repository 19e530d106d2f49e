"""Who calls: the token of a request, what it may do, and how often."""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from rosterhold.adapters.database import districts, syncs, tokens
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tokens import Scope, TokenRow
from rosterhold.adapters.request_rate import WINDOW_S, Allowance
from rosterhold.web.api.problems import ProblemError, not_found
from rosterhold.web.site import Site, site_of

BEARER: Final = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description=(
        "A token of the API: `Authorization: Bearer rh_…`. `rosterhold token create` makes one. "
        "What an operation needs of it is named beside the operation. The cookie of the pages "
        "is no way in."
    ),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The token that a request carries, and what it may see."""

    site: Site
    token: TokenRow

    @property
    def tenant(self) -> str | None:
        """The one district that it may see; None for all."""
        return self.token.district_id

    @property
    def database(self) -> Database:
        return self.site.database

    @property
    def who(self) -> str:
        """As histories and decisions name it."""
        return f"token {self.token.name}"

    def district(self, word: str) -> DistrictRow:
        """The district that an address names, by its id, ours or Clever's.

        Raises:
            ProblemError: 404, there is none or it is not this token's; one cannot tell which.
        """
        with self.database.reading() as conn:
            district = districts.find(conn, word)
        if district is None or self.tenant not in {None, district.id}:
            raise not_found()
        return district

    def sync(self, sync_id: str) -> SyncRow:
        """The sync that an address names.

        Raises:
            ProblemError: 404, as for a district.
        """
        with self.database.reading() as conn:
            sync = syncs.load(conn, sync_id.upper())
        if sync is None or self.tenant not in {None, sync.district_id}:
            raise not_found()
        return sync


def _caller(request: Request, needed: SecurityScopes, secret: str) -> Caller:
    site = site_of(request)
    now = site.clock()
    with site.database.reading() as conn:
        token = tokens.find(conn, secret, now)
    if token is None:
        raise ProblemError(
            401,
            "unauthorized",
            "This needs a token that works: Authorization: Bearer rh_…",
            headers={"WWW-Authenticate": "Bearer"},
        )
    structlog.contextvars.bind_contextvars(api_token_id=token.id)
    _count(request, site, token)
    missing = [scope for scope in needed.scopes if scope not in token.scopes]
    if missing:
        raise ProblemError(403, "scope-missing", f"This needs a token with {', '.join(missing)}.")
    tokens.note_use(site.database, token, now)
    return Caller(site, token)


def _count(request: Request, site: Site, token: TokenRow) -> None:
    """Count the request against the token's limit.

    Raises:
        ProblemError: 429.
    """
    allowance = None if site.request_rate is None else site.request_rate.count(token.id)
    if allowance is None:
        return
    request.state.api_headers = rate_headers(allowance)
    if allowance.is_spent:
        raise ProblemError(
            429,
            "too-many-requests",
            f"A token may send {allowance.limit} requests a minute. Nothing was done.",
            headers={"Retry-After": str(allowance.seconds_left)},
        )


def rate_headers(allowance: Allowance) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers-10."""
    return {
        "RateLimit-Policy": f'"token";q={allowance.limit};w={WINDOW_S}',
        "RateLimit": f'"token";r={allowance.remaining};t={allowance.seconds_left}',
    }


def _caller_of(
    request: Request,
    needed: SecurityScopes,
    bearer: HTTPAuthorizationCredentials | None = Security(BEARER),
) -> Caller:
    return _caller(request, needed, "" if bearer is None else bearer.credentials)


def needs(scope: Scope) -> Any:
    """The caller, whose token has this scope."""
    return Security(_caller_of, scopes=[scope.value])
