"""What came in by webhooks, by the sender's id: a second one is answered like the first."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from rosterhold.adapters.database import outbox
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.webhook_tables import webhooks_received
from rosterhold.statemachine.chart import Work

# Longer than any sender tries; a signature is good for five minutes.
KEPT_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Received:
    """What was answered then: an HTTP status and its JSON."""

    status: int
    answer: dict[str, Any]


def find(conn: sa.Connection, source: str, delivery_id: str) -> Received | None:
    row = conn.execute(
        sa.select(webhooks_received.c.status, webhooks_received.c.answer).where(
            webhooks_received.c.source == source, webhooks_received.c.delivery_id == delivery_id
        )
    ).one_or_none()
    return None if row is None else Received(row.status, row.answer)


def keep(
    tx: Transaction, source: str, delivery_id: str, status: int, answer: dict[str, Any]
) -> None:
    """Raises sqlalchemy.exc.IntegrityError: the same one came in beside this one, and was first."""
    tx.conn.execute(
        sa.insert(webhooks_received).values(
            source=source, delivery_id=delivery_id, at=tx.now, status=status, answer=answer
        )
    )


def ask_for_sync(tx: Transaction, district_id: str) -> None:
    """Write down that a district wants a sync, unless that is written and nobody is at it yet."""
    waits = tx.conn.execute(
        sa.select(outbox_table.c.id)
        .where(
            outbox_table.c.work == Work.BEGIN.value,
            outbox_table.c.district_id == district_id,
            outbox_table.c.leased_until.is_(None),
            outbox_table.c.given_up_at.is_(None),
        )
        .with_for_update(skip_locked=True)
        .limit(1)
    ).first()
    if waits is None:
        outbox.add(tx, Work.BEGIN, district_id=district_id, sync_id=None)


def forget_old(tx: Transaction) -> int:
    return tx.conn.execute(
        sa.delete(webhooks_received).where(webhooks_received.c.at < tx.now - KEPT_FOR)
    ).rowcount
