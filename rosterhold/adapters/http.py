"""HTTP for what is outside: Clever, and who is told of events.

The only module that imports httpx, so that its maintained continuation can take its place.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Final, Self

import httpx

CONNECT_TIMEOUT_S: Final = 10.0
# A page of 10 000 users takes Clever several seconds.
READ_TIMEOUT_S: Final = 90.0
MAX_CONNECTIONS: Final = 16
# So much is kept of what a stranger answers.
LONGEST_ECHO: Final = 1_000
# What stands for a status when there was none.
NO_ANSWER: Final = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def request_id(self) -> str:
        """Clever's name for the request: the Data API and the Events API spell it differently."""
        return self.headers.get("x-request-id") or self.headers.get("clever-request-id", "")


class TransportError(Exception):
    """Raised when there was no whole answer. Says which way it failed, never what was sent."""


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust; reading all the certificates takes longer than a page of Clever's."""
    return httpx.create_ssl_context(trust_env=False)


class Http:
    """An asynchronous HTTP client.

    Redirects are not followed: a token is shown to the host it was meant for, and no other.

    Args:
        transport: how requests travel; an `httpx` transport, for tests.
        on_answer: told of each request the status of its answer, or `NO_ANSWER`, and the seconds
            until the answer was read or missed.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        on_answer: Callable[[str, float], None] | None = None,
    ) -> None:
        self._on_answer = on_answer
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=_trusted(),
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            headers={"accept": "application/json"},
            follow_redirects=False,
            trust_env=False,
        )

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        bearer: str = "",
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """Raises TransportError when there was no whole answer."""
        return await self._send("GET", url, params=params, bearer=bearer, basic=basic)

    async def post(
        self, url: str, *, form: Mapping[str, str], basic: tuple[str, str] | None = None
    ) -> Answer:
        """Raises TransportError when there was no whole answer."""
        return await self._send("POST", url, form=form, basic=basic)

    async def post_to(
        self, url: str, body: bytes, *, headers: Mapping[str, str], address: str, timeout_s: float
    ) -> Answer:
        """Post to one address of a host, whatever its name leads to by now.

        The certificate is checked for the host's name. At most LONGEST_ECHO bytes of the answer
        are read.

        Args:
            url: where to.
            body: as it is.
            headers: with the content type.
            address: IPv4 or IPv6, as text; the connection is made to it.
            timeout_s: for the whole exchange.

        Raises:
            TransportError: there was no answer.
        """
        named = httpx.URL(url)
        request = self._client.build_request(
            "POST",
            named.copy_with(host=address),
            content=body,
            headers={**headers, "host": named.netloc.decode("ascii")},
            extensions={"sni_hostname": named.host},
        )
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.send(request, stream=True)
                try:
                    echo = await _beginning(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
            raise TransportError(type(error).__name__) from error
        return Answer(response.status_code, _headers(response), echo)

    async def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        bearer: str = "",
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        began = time.monotonic()
        status = NO_ANSWER
        try:
            response = await self._client.request(
                method,
                url,
                params=params,
                data=form,
                headers={"authorization": f"Bearer {bearer}"} if bearer else None,
                auth=httpx.BasicAuth(*basic) if basic else None,
            )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            # The library's own texts may hold the address asked for, so only its kind is told.
            raise TransportError(type(error).__name__) from error
        else:
            status = str(response.status_code)
        finally:
            if self._on_answer is not None:
                self._on_answer(status, time.monotonic() - began)
        return Answer(
            response.status_code,
            _headers(response),
            response.content,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _beginning(response: httpx.Response) -> bytes:
    """The first LONGEST_ECHO bytes of a body; the rest is left unread."""
    echo = b""
    async for part in response.aiter_bytes():
        echo += part
        if len(echo) >= LONGEST_ECHO:
            break
    return echo[:LONGEST_ECHO]
