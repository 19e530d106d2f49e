"""Signed, timed tickets: what a form carries, and what a browser keeps while somebody logs in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

# A ticket is signed by one process and read by another: so far ahead may the first one's clock be.
# (The library takes nothing that was signed in the future.)
CLOCKS_APART_S: Final = 3600
_FORM: Final = "form"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose ticket it is, in one district."""

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
        self._oldest_first = list(reversed(keys))
        self._unsubscribing = URLSafeSerializer(self._oldest_first, salt="rosterhold.unsubscribe")

    def sign(self, purpose: str, content: Any) -> str:
        """A ticket with JSON content, which its holder can read; for one purpose and no other."""
        return self._signer(purpose).dumps(content)

    def read(self, purpose: str, token: str, max_age_s: int) -> Any:
        """What was signed; None when it is forged, too old or made for something else."""
        try:
            content, signed_at = self._signer(purpose).loads(token, return_timestamp=True)
        except BadSignature:
            return None
        age_s = (datetime.now(UTC) - signed_at).total_seconds()
        return content if -CLOCKS_APART_S <= age_s <= max_age_s else None

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
        return self.sign(_FORM, _mark(session))

    def fits(self, form_token: str, session: str, max_age_s: int) -> bool:
        """Whether a form's token was made for this session."""
        return bool(self.read(_FORM, form_token, max_age_s) == _mark(session))

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._oldest_first, salt=f"rosterhold.{purpose}")


def _mark(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]


def unsubscribe_link(public_url: str, token: str) -> str:
    """The address where the owner of an address unsubscribes from reminders."""
    return f"{public_url}/unsubscribe/{token}"
