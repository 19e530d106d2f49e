"""Signed, timed tickets: what a mail's link carries and what the session cookie holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from itsdangerous import BadSignature, URLSafeTimedSerializer

LINK_DAYS: Final = 14
LINK_MAX_AGE_S: Final = LINK_DAYS * 24 * 3600


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
        self._forms = URLSafeTimedSerializer(oldest_first, salt="rosterhold.form")

    def for_administrator(
        self, district_id: str, email: str, *, purpose: Purpose = Purpose.LINK
    ) -> str:
        return self._signers[purpose].dumps([district_id, email])

    def read(self, token: str, max_age_s: int, *, purpose: Purpose = Purpose.LINK) -> Ticket | None:
        """The ticket in a token; None when it is forged, too old or made for something else."""
        try:
            district_id, email = self._signers[purpose].loads(token, max_age=max_age_s)
        except BadSignature:
            return None
        return Ticket(district_id, email)

    def form_token(self, session: str) -> str:
        """What a form carries to prove that it was made for this session."""
        return self._forms.dumps(_mark(session))

    def fits(self, form_token: str, session: str, max_age_s: int) -> bool:
        """Whether a form's token was made for this session."""
        try:
            mark: object = self._forms.loads(form_token, max_age=max_age_s)
        except BadSignature:
            return False
        return mark == _mark(session)


def _mark(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]


def report_link(public_url: str, ticket: str, sync_id: str) -> str:
    """The address of a sync's report that lets the holder of the ticket in."""
    return f"{public_url}/enter/{ticket}?next=/syncs/{sync_id}"
