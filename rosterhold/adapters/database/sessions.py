"""Who is in: sessions, kept here and not in the browser, which has a random token only."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database.account_tables import sessions
from rosterhold.adapters.database.engine import Transaction

IDLE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
# The last visit is noted as often as that: a page that only reads need not write.
NOTED_EVERY: Final = timedelta(minutes=1)


class LoginBy(StrEnum):
    """How somebody proved who they are."""

    MAIL = "mail link"
    CLEVER = "Clever"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it was read; `account_id` is None for an address that a district named."""

    id: str
    email: str
    account_id: str | None
    login_by: LoginBy
    from_where: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= min(self.ends_at, self.seen_at + IDLE)


def new_token() -> str:
    """A secret of 256 bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """How a random token is kept; guessing one is out of reach, so the hash needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    tx: Transaction,
    *,
    email: str,
    account_id: str | None,
    login_by: LoginBy,
    from_where: str,
    now: datetime,
) -> str:
    """Let somebody in; the token for their browser. Sessions that are over go at this time."""
    tx.conn.execute(sa.delete(sessions).where(sessions.c.ends_at <= now))
    token = new_token()
    tx.conn.execute(
        sa.insert(sessions).values(
            id=str(ULID.from_datetime(now)),
            token_hash=hash_of(token),
            email=email,
            account_id=account_id,
            login_by=login_by.value,
            from_where=from_where,
            created_at=now,
            seen_at=now,
            ends_at=now + LONGEST,
        )
    )
    return token


def find(conn: sa.Connection, token: str, now: datetime) -> Session | None:
    """The session of a token, unless it is over."""
    found = conn.execute(
        sa.select(sessions).where(sessions.c.token_hash == hash_of(token))
    ).one_or_none()
    session = None if found is None else _as_session(found)
    return None if session is None or session.is_over(now) else session


def note_visit(tx: Transaction, session_id: str, now: datetime) -> None:
    tx.conn.execute(sa.update(sessions).where(sessions.c.id == session_id).values(seen_at=now))


def end(tx: Transaction, token: str) -> None:
    """End the session of a token, if there is one."""
    tx.conn.execute(sa.delete(sessions).where(sessions.c.token_hash == hash_of(token)))


def end_all(tx: Transaction, email: str) -> int:
    """End every session of an address; how many there were."""
    return tx.conn.execute(sa.delete(sessions).where(sessions.c.email == email)).rowcount


def of_email(conn: sa.Connection, email: str, now: datetime) -> list[Session]:
    """The sessions of an address that are not over, the newest first."""
    rows = conn.execute(
        sa.select(sessions).where(sessions.c.email == email).order_by(sessions.c.id.desc())
    )
    return [session for row in rows if not (session := _as_session(row)).is_over(now)]


def _as_session(row: sa.Row[Any]) -> Session:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view
    del values["token_hash"]
    return Session(**{**values, "login_by": LoginBy(row.login_by)})
