"""Requests that may be sent twice: the second one gets the answer of the first.

A key is written in the transaction of what the request does, with its answer. Whoever sends the
same request meanwhile waits for that transaction; one that was undone leaves its key free.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rosterhold.adapters.database.api_tables import idempotency_keys
from rosterhold.adapters.database.engine import Transaction

KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that a key got before. `request_hash` tells whether to the same request."""

    request_hash: str
    status: int
    body: str


def claim(tx: Transaction, token_id: str, key: str, request_hash: str) -> Kept | None:
    """Take a key for the request that this transaction does; else the answer it got before.

    What is older than KEPT_FOR is forgotten.
    """
    tx.conn.execute(
        sa.delete(idempotency_keys).where(idempotency_keys.c.created_at < tx.now - KEPT_FOR)
    )
    dialect = sqlite if tx.is_sqlite else postgresql
    taken = tx.conn.execute(
        dialect.insert(idempotency_keys)
        .values(
            token_id=token_id,
            key=key,
            request_hash=request_hash,
            status=0,
            body="",
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.key)
    ).one_or_none()
    if taken is not None:
        return None
    row = tx.conn.execute(
        sa.select(
            idempotency_keys.c.request_hash, idempotency_keys.c.status, idempotency_keys.c.body
        ).where(idempotency_keys.c.token_id == token_id, idempotency_keys.c.key == key)
    ).one()
    return Kept(row.request_hash, row.status, row.body)


def keep(tx: Transaction, token_id: str, key: str, *, status: int, body: str) -> None:
    """Write the answer of the request whose key was claimed."""
    tx.conn.execute(
        sa.update(idempotency_keys)
        .where(idempotency_keys.c.token_id == token_id, idempotency_keys.c.key == key)
        .values(status=status, body=body)
    )
