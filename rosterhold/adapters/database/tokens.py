"""Tokens of the API: made once, kept as a hash, looked up with every request."""

import hashlib
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database.api_tables import api_tokens
from rosterhold.adapters.database.engine import Database, Transaction

PREFIX: Final = "rh_"
# 36 random signs of 62 are 214 bits.
_RANDOM_SIGNS: Final = 36
_CHECK_SIGNS: Final = 6
_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# The time of the last use is written no more often than this.
USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may be used for."""

    DISTRICTS_READ = "districts:read"
    SYNCS_READ = "syncs:read"
    SYNCS_WRITE = "syncs:write"
    HOLDS_READ = "holds:read"
    HOLDS_DECIDE = "holds:decide"
    ROSTER_READ = "roster:read"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it was read. `district_id` is None for one of all districts.

    `scopes` may hold some that only a newer version knows.
    """

    id: str
    name: str
    scopes: list[str]
    district_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made. `secret` is what its holder sends, and is kept nowhere."""

    row: TokenRow
    secret: str = field(repr=False)


_COLUMNS: Final = tuple(api_tokens.c[name] for name in TokenRow.__dataclass_fields__)


def new_secret() -> str:
    """``rh_``, 36 random signs, and 6 that check them, so that a typing error is told at once."""
    random = "".join(secrets.choice(_SIGNS) for _ in range(_RANDOM_SIGNS))
    return f"{PREFIX}{random}{_check(random)}"


def looks_right(secret: str) -> bool:
    """Whether this can be a token at all: nothing is asked of the database for another."""
    signs = secret.removeprefix(PREFIX)
    if signs == secret or len(signs) != _RANDOM_SIGNS + _CHECK_SIGNS or not signs.isascii():
        return False
    return _check(signs[:_RANDOM_SIGNS]) == signs[_RANDOM_SIGNS:]


def _check(random: str) -> str:
    number, signs = zlib.crc32(random.encode()), ""
    for _ in range(_CHECK_SIGNS):
        number, rest = divmod(number, len(_SIGNS))
        signs += _SIGNS[rest]
    return signs


def _hash(secret: str) -> str:
    # The secret is random and long: a slow hash would guard nothing that this one does not.
    return hashlib.sha256(secret.encode()).hexdigest()


def create(
    tx: Transaction,
    *,
    name: str,
    scopes: Collection[Scope],
    district_id: str | None,
    created_by: str,
    expires_at: datetime | None,
) -> NewToken:
    """Make a token; what its holder sends is in the answer and nowhere else."""
    secret = new_secret()
    row = TokenRow(
        id=str(ULID.from_datetime(tx.now)),
        name=name,
        scopes=[scope.value for scope in Scope if scope in scopes],
        district_id=district_id,
        created_by=created_by,
        created_at=tx.now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
    )
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    tx.conn.execute(sa.insert(api_tokens).values(**values, hash=_hash(secret)))
    return NewToken(row, secret)


def find(conn: sa.Connection, secret: str, now: datetime) -> TokenRow | None:
    """The token that a request carries; None when there is none, or it is used no longer."""
    if not looks_right(secret):
        return None
    row = conn.execute(sa.select(*_COLUMNS).where(api_tokens.c.hash == _hash(secret))).one_or_none()
    token = None if row is None else _as_token(row)
    return token if token is not None and token.is_usable(now) else None


def note_use(database: Database, token: TokenRow, now: datetime) -> None:
    """Write when a token was used, at most once a minute."""
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    with database.transaction() as tx:
        tx.conn.execute(
            sa.update(api_tokens)
            .where(
                api_tokens.c.id == token.id,
                sa.or_(
                    api_tokens.c.last_used_at.is_(None),
                    api_tokens.c.last_used_at <= now - USE_NOTED_EVERY,
                ),
            )
            .values(last_used_at=now)
        )


def load(conn: sa.Connection, token_id: str, tenant: str | None) -> TokenRow | None:
    """A token by its id, among those of a district; of all when `tenant` is None."""
    query = sa.select(*_COLUMNS).where(api_tokens.c.id == token_id.upper(), _of(tenant))
    row = conn.execute(query).one_or_none()
    return None if row is None else _as_token(row)


def listed(
    conn: sa.Connection, tenant: str | None, *, after: str = "", limit: int = 1_000
) -> list[TokenRow]:
    """Tokens in the order in which they were made, from after an id on."""
    rows = conn.execute(
        sa.select(*_COLUMNS)
        .where(_of(tenant), api_tokens.c.id > after)
        .order_by(api_tokens.c.id)
        .limit(limit)
    )
    return [_as_token(row) for row in rows]


def revoke(tx: Transaction, token_id: str) -> None:
    """Use a token no longer, from now on; one that was revoked before stays as it was."""
    tx.conn.execute(
        sa.update(api_tokens)
        .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


def _of(tenant: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if tenant is None else api_tokens.c.district_id == tenant


def _as_token(row: sa.Row[Any]) -> TokenRow:
    return TokenRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view
