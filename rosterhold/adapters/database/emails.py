"""The log of mails: one row an intent, written with the work to send it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import districts, outbox
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import emails
from rosterhold.statemachine.chart import Work


class EmailStatus(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    RETRYING = "retrying"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EmailRow:
    """A mail as it was read; `message_id` stays the same however often it is tried."""

    id: str
    intent: str
    district_id: str
    sync_id: str
    hold_id: str | None
    template: str
    recipient: str
    message_id: str
    status: str
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


def intend(
    tx: Transaction, sync: SyncRow, template: str, *, hold_id: str | None, about: str
) -> None:
    """Write a mail to each administrator of the district, and the work to send it.

    A second intent of the same template about the same thing writes nothing.
    """
    for recipient in districts.emails_of(tx.conn, sync.district_id):
        intent = f"{template}:{about}:{recipient}"
        known = tx.conn.execute(sa.select(emails.c.id).where(emails.c.intent == intent)).first()
        if known is not None:
            continue
        email_id = str(ULID.from_datetime(tx.now))
        tx.conn.execute(
            sa.insert(emails).values(
                id=email_id,
                intent=intent,
                district_id=sync.district_id,
                sync_id=sync.id,
                hold_id=hold_id,
                template=template,
                recipient=recipient,
                message_id=f"<{email_id.lower()}@rosterhold>",
                status=EmailStatus.WAITING.value,
                attempts=0,
                created_at=tx.now,
            )
        )
        outbox.add(tx, Work.EMAIL, district_id=sync.district_id, sync_id=sync.id, subject=email_id)


def load(conn: sa.Connection, email_id: str) -> EmailRow | None:
    row = conn.execute(sa.select(emails).where(emails.c.id == email_id)).one_or_none()
    return None if row is None else EmailRow(**row._mapping)  # noqa: SLF001 - public view


def mark(tx: Transaction, email_id: str, status: EmailStatus, *, error: str | None = None) -> None:
    """Note one attempt and how it ended."""
    tx.conn.execute(
        sa.update(emails)
        .where(emails.c.id == email_id)
        .values(
            status=status.value,
            attempts=emails.c.attempts + 1,
            last_error=error,
            sent_at=tx.now if status is EmailStatus.SENT else None,
        )
    )


def of_sync(conn: sa.Connection, sync_id: str) -> list[EmailRow]:
    rows = conn.execute(
        sa.select(emails).where(emails.c.sync_id == sync_id).order_by(emails.c.created_at)
    )
    return [EmailRow(**row._mapping) for row in rows]  # noqa: SLF001 - public view
