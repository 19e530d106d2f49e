"""A client of Clever that asks politely: within the rate limit, and again after a failure."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec
import structlog

from rosterhold.adapters.clever import structs
from rosterhold.adapters.clever.errors import (
    BadAnswerError,
    CleverError,
    CleverUnavailableError,
    CredentialsRefusedError,
    NotConnectedError,
    PageTooLargeError,
    RateLimitedError,
    TokenRefusedError,
    error_of,
)
from rosterhold.adapters.clever.ids import checked_id
from rosterhold.adapters.clever.rate import MAX_WAIT_S, RateGate, window_of
from rosterhold.adapters.clever.threads import in_thread
from rosterhold.adapters.http import Answer, Http, TransportError

DATA_URL: Final = "https://api.clever.com"
OAUTH_URL: Final = "https://clever.com"
API_VERSION: Final = "v3.0"

# Clever's largest page; a whole district is then a few requests ("Pagination and Response Limits").
MAX_PAGE_LIMIT: Final = 10_000
# Below it, a page is not halved further after a 413.
MIN_PAGE_LIMIT: Final = 100
# Requests of one client on their way at once.
MAX_IN_FLIGHT: Final = 6
# Failures of one request before it is given up; refusals for the rate are counted by themselves.
MAX_TRIES: Final = 6
MAX_RATE_REFUSALS: Final = 5
# Windows that may pass without a permit.
MAX_PERMIT_WAITS: Final = 10
FIRST_BACKOFF_S: Final = 0.5
MAX_BACKOFF_S: Final = 30.0

T = TypeVar("T")
_LOG: Final = structlog.get_logger(__name__)

_TOKENS: Final = msgspec.json.Decoder(structs.Tokens)
_COUNTED: Final = msgspec.json.Decoder(structs.Counted)
_DISTRICT: Final = msgspec.json.Decoder(structs.One[structs.District])


@dataclass
class Grant:
    """A district's token during one piece of work.

    Attributes:
        district_clever_id: who granted it.
        token: looked up again, once, when Clever refuses it: tokens are rotated.
        renewed: whether that was done.
        page_limit: records a page; halved when Clever finds it too large.
    """

    district_clever_id: str
    token: str = field(repr=False)
    renewed: bool = False
    page_limit: int = MAX_PAGE_LIMIT
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


class CleverClient:
    """Clever, as far as a sync needs it.

    Args:
        http: the transport; closed by whoever made it.
        client_id: of the app.
        client_secret: of the app.
        gate: the rate limit, shared by all processes.
        data_url: of the Data API.
        oauth_url: of the token list.
        sleep: takes seconds.
        jitter: a number from 0 to 1.
        now: Unix seconds.
        on_wait: told of each wait for the rate limit, in seconds.
    """

    def __init__(
        self,
        http: Http,
        *,
        client_id: str,
        client_secret: str,
        gate: RateGate,
        data_url: str = DATA_URL,
        oauth_url: str = OAUTH_URL,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        self._http = http
        self._app = (client_id, client_secret)
        self._gate = gate
        self._data_url = data_url.rstrip("/")
        self._oauth_url = oauth_url.rstrip("/")
        self._sleep = sleep
        self._jitter = jitter
        self.now = now
        self._on_wait = on_wait
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def token(self, district_clever_id: str) -> Grant:
        """The token that is good now. It may be another tomorrow, so only the district id is kept.

        Raises:
            NotConnectedError: the district did not grant the app one, or took it back.
            CredentialsRefusedError: Clever does not know the app by its id and secret.
            CleverError: Clever could not be asked.
        """
        granted = [
            token
            for token in await self._tokens({"district": checked_id(district_clever_id)})
            if token.owner and token.owner.id == district_clever_id and token.access_token
        ]
        if not granted:
            raise NotConnectedError("the district is not among those that granted the app")
        best = max(granted, key=_preference)
        return Grant(district_clever_id, best.access_token or "")

    async def districts_that_granted(self) -> list[str]:
        """Clever ids of all districts that granted the app a token, sorted."""
        return sorted(await self.grants())

    async def grants(self) -> dict[str, Grant]:
        """Clever id → the grant, of all districts that granted the app a token.

        Raises:
            CredentialsRefusedError: Clever does not know the app by its id and secret.
            CleverError: Clever could not be asked.
        """
        best: dict[str, structs.Token] = {}
        for token in sorted(await self._tokens({}), key=_preference):
            if token.owner and token.owner.id and token.access_token:
                best[token.owner.id] = token
        return {owner: Grant(owner, token.access_token or "") for owner, token in best.items()}

    async def district(self, district_clever_id: str, grant: Grant) -> structs.District:
        """Raises NotFoundError when the token does not show the district."""
        path = f"districts/{checked_id(district_clever_id)}"
        return await self._with_grant(path, {}, grant, _district_in)

    async def count(self, path: str, params: Mapping[str, str], grant: Grant) -> int:
        """How many records a list has, in one request: `path` as `page` takes it."""
        return await self._with_grant(path, {"count": "true", **params}, grant, _counted_in)

    async def page(
        self,
        path: str,
        params: Mapping[str, str],
        grant: Grant,
        read: Callable[[bytes], T],
    ) -> T:
        """One page of a list, with as many records as Clever allows.

        Args:
            path: below the API's version, such as ``users``.
            params: beside `limit`.
            grant: whose list; its token and its limit may be other ones afterwards.
            read: makes of a body what is wanted; run in a thread. Where it raises BadAnswerError,
                Clever is asked again.

        Raises:
            CleverError: after all tries.
        """
        while True:
            limit = grant.page_limit
            try:
                return await self._with_grant(path, {"limit": str(limit), **params}, grant, read)
            except PageTooLargeError:
                if limit <= MIN_PAGE_LIMIT:
                    raise
                grant.page_limit = min(grant.page_limit, limit // 2)

    async def _with_grant(
        self, path: str, params: Mapping[str, str], grant: Grant, read: Callable[[bytes], T]
    ) -> T:
        url = f"{self._data_url}/{API_VERSION}/{path}"
        token = grant.token
        try:
            return await self._ask(lambda: self._get(url, params, token), read)
        except TokenRefusedError as refused:
            await self._renew(grant, token, refused)
        token = grant.token
        return await self._ask(lambda: self._get(url, params, token), read)

    async def _renew(self, grant: Grant, refused_token: str, refused: TokenRefusedError) -> None:
        async with grant.lock:
            if grant.token != refused_token:
                return
            if grant.renewed:
                raise refused
            grant.renewed = True
            current = (await self.token(grant.district_clever_id)).token
            if current == refused_token:
                raise refused
            grant.token = current

    async def _tokens(self, params: Mapping[str, str]) -> list[structs.Token]:
        url = f"{self._oauth_url}/oauth/tokens"
        asked = {"owner_type": "district", **params}
        try:
            return await self._ask(
                lambda: self._http.get(url, params=asked, basic=self._app), _tokens_in
            )
        except TokenRefusedError as error:
            raise CredentialsRefusedError(
                "Clever refused the app's client id and secret",
                status=error.status,
                request_id=error.request_id,
            ) from None

    async def _get(self, url: str, params: Mapping[str, str], token: str) -> Answer:
        """One request to the Data API, as soon as the rate limit allows it."""
        await self._permit(token)
        async with self._in_flight:
            answer = await self._http.get(url, params=params, bearer=token)
        if window := window_of(answer.headers, now=self.now()):
            await in_thread(self._gate.learn, token, window)
        return answer

    async def _permit(self, token: str) -> None:
        for _ in range(MAX_PERMIT_WAITS):
            wait = await in_thread(self._gate.take, token)
            if not wait:
                return
            # Those who wait for the same window do not start in the same instant.
            seconds = min(wait + self._jitter(), MAX_WAIT_S)
            if self._on_wait is not None:
                self._on_wait(seconds)
            await self._sleep(seconds)
        raise RateLimitedError("others used up the requests of every minute waited for")

    async def _ask(self, request: Callable[[], Awaitable[Answer]], read: Callable[[bytes], T]) -> T:
        """Ask until there is a good answer, or asking again is no use."""
        failures = refusals = 0
        while True:
            try:
                return await _once(request, read)
            except RateLimitedError as error:
                # The gate has learned when the window ends; the next permit waits for that. An
                # error without a status is the gate's own: it has waited long enough.
                refusals += 1
                if refusals > MAX_RATE_REFUSALS or not error.status:
                    raise
                await self._back_off(refusals, error)
            except (CleverUnavailableError, BadAnswerError) as error:
                failures += 1
                if failures >= MAX_TRIES:
                    raise
                await self._back_off(failures, error)

    async def _back_off(self, failures: int, error: CleverError) -> None:
        """Wait twice as long each time, half of it by chance, so that none march in step."""
        longest_s = min(FIRST_BACKOFF_S * 2.0 ** (failures - 1), MAX_BACKOFF_S)
        wait_s = longest_s * (0.5 + 0.5 * self._jitter())
        _LOG.info("clever.asks_again", why=error.code, status=error.status, in_s=round(wait_s, 1))
        await self._sleep(wait_s)


async def _once(request: Callable[[], Awaitable[Answer]], read: Callable[[bytes], T]) -> T:
    try:
        answer = await request()
    except TransportError as error:
        raise CleverUnavailableError(f"no answer from Clever: {error}") from error
    refusal = error_of(answer)
    if refusal is not None:
        raise refusal
    return await in_thread(read, answer.body)


def _tokens_in(body: bytes) -> list[structs.Token]:
    return structs.decoded(_TOKENS, body, "a list of tokens").data


def _counted_in(body: bytes) -> int:
    return structs.decoded(_COUNTED, body, "a count").count


def _district_in(body: bytes) -> structs.District:
    return structs.decoded(_DISTRICT, body, "a district").data


def _preference(token: structs.Token) -> tuple[bool, str]:
    """Of several tokens the one that reads rosters (others only log people in), the newest."""
    return "read:students" in (token.scopes or []), token.created or ""
