"""Signed, timed tickets: what a mail's link carries and what the session cookie holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

LINK_DAYS: Final = 14
LINK_MAX_AGE_S: Final = LINK_DAYS * 24 * 3600
# A link is signed by a worker and read by the web: so far ahead may the worker's clock be.
# (The library takes nothing that was signed in the future.)
CLOCKS_APART_S: Final = 3600


class Purpose(StrEnum):
    """What a ticket may be used for; one for a link is none for a session."""

    LINK = "link"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who comes, and the one district it opens."""

    district_id: str
    email: str


class Tickets:
    """Makes and reads tickets.

    Args:
        keys: secrets, newest first: the first signs, all of them verify.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("tickets need at least one secret key, and none that is empty")
        # The library signs with the last key of its list.
        oldest_first = list(reversed(keys))
        self._signers = {
            purpose: URLSafeTimedSerializer(oldest_first, salt=f"rosterhold.{purpose}")
            for purpose in Purpose
        }
        self._unsubscribing = URLSafeSerializer(oldest_first, salt="rosterhold.unsubscribe")
        self._forms = URLSafeTimedSerializer(oldest_first, salt="rosterhold.form")

    def for_administrator(
        self, district_id: str, email: str, *, purpose: Purpose = Purpose.LINK
    ) -> str:
        return self._signers[purpose].dumps([district_id, email])

    def read(self, token: str, max_age_s: int, *, purpose: Purpose = Purpose.LINK) -> Ticket | None:
        """The ticket in a token; None when it is forged, too old or made for something else."""
        content = _read(self._signers[purpose], token, max_age_s)
        return None if content is None else Ticket(*content)

    def to_unsubscribe(self, district_id: str, email: str) -> str:
        """What a reminder's link to unsubscribe carries; it never ends, and opens nothing else."""
        return self._unsubscribing.dumps([district_id, email])

    def unsubscribing(self, token: str) -> Ticket | None:
        """Whose reminders a token is about; None when it is forged."""
        try:
            return Ticket(*self._unsubscribing.loads(token))
        except BadSignature:
            return None

    def form_token(self, session: str) -> str:
        """What a form carries to prove that it was made for this session."""
        return self._forms.dumps(_mark(session))

    def fits(self, form_token: str, session: str, max_age_s: int) -> bool:
        """Whether a form's token was made for this session."""
        return bool(_read(self._forms, form_token, max_age_s) == _mark(session))


def _read(signer: URLSafeTimedSerializer, token: str, max_age_s: int) -> Any:
    """What was signed; None when it is forged, or not of this time."""
    try:
        content, signed_at = signer.loads(token, return_timestamp=True)
    except BadSignature:
        return None
    age_s = (datetime.now(UTC) - signed_at).total_seconds()
    return content if -CLOCKS_APART_S <= age_s <= max_age_s else None


def _mark(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]


def report_link(public_url: str, ticket: str, sync_id: str) -> str:
    """The address of a sync's report that lets the holder of the ticket in."""
    return f"{public_url}/enter/{ticket}?next=/syncs/{sync_id}"


def unsubscribe_link(public_url: str, token: str) -> str:
    """The address where the owner of an address unsubscribes from reminders."""
    return f"{public_url}/unsubscribe/{token}"
