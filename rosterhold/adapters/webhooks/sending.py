"""Sending one webhook to its endpoint."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from rosterhold.adapters.http import Http, TransportError
from rosterhold.adapters.webhooks.signing import signed_headers
from rosterhold.adapters.webhooks.targets import TargetRefusedError, check_url, public_address

TIMEOUT_S: Final = 15.0
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try.

    Attributes:
        answer: the HTTP status; None without an answer.
        error: what went wrong, in words; None when it was taken.
        is_gone: the endpoint says that it wants nothing any more.
    """

    answer: int | None
    error: str | None

    @property
    def is_gone(self) -> bool:
        return self.answer == _GONE


def body_of(event: str, created_at: datetime, data: dict[str, Any]) -> bytes:
    """The body, the same at every try."""
    return msgspec.json.encode({"type": event, "timestamp": created_at, "data": data})


async def send(
    url: str, secret: str, event_id: str, body: bytes, *, now: datetime, private_allowed: bool
) -> Outcome:
    """Try once. Whatever happens outside is an outcome, not an exception."""
    try:
        host, port = check_url(url, private_allowed=private_allowed)
        address = public_address(host, port, private_allowed=private_allowed)
    except TargetRefusedError as error:
        return Outcome(None, str(error))
    headers = signed_headers(secret, event_id, now, body)
    try:
        async with Http() as http:
            answer = await http.post_to(
                url, body, headers=headers, address=address, timeout_s=TIMEOUT_S
            )
    except TransportError as error:
        return Outcome(None, f"no answer: {error}")
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's range of success
        return Outcome(answer.status, None)
    return Outcome(answer.status, f"the endpoint answered {answer.status}")
