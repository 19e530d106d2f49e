"""The log of mails: one row an intent, written with the work to send it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import addresses, districts, holds, outbox, webhooks
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import emails
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.statemachine.chart import Work


class Template(StrEnum):
    """What a mail is about; its name is that of its texts."""

    HOLD_OPENED = "hold_opened"
    CONNECTION_LOST = "connection_lost"
    HOLD_REMINDER = "hold_reminder"
    HOLD_RESOLVED = "hold_resolved"
    # To operators: an endpoint of webhooks was switched off.
    ENDPOINT_OFF = "endpoint_off"


# What these ask for is done when the hold is closed.
_ABOUT_AN_OPEN_HOLD: Final = frozenset(
    {Template.HOLD_OPENED, Template.CONNECTION_LOST, Template.HOLD_REMINDER}
)


class EmailStatus(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    RETRYING = "retrying"
    SENT = "sent"
    REFUSED = "refused"
    # What it would have told was over before it could go out.
    NOT_NEEDED = "not_needed"


# Whoever finds a mail so has nothing to do.
ENDED: Final = frozenset({EmailStatus.SENT, EmailStatus.REFUSED, EmailStatus.NOT_NEEDED})


@dataclass(frozen=True, slots=True)
class EmailRow:
    """A mail as it was read.

    Attributes:
        message_id: stays the same however often it is tried.
        day: the day of the hold, of a reminder.
    """

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
    day: int | None

    @property
    def about(self) -> str:
        """The id that its intent names: of a hold, a sync or an endpoint."""
        return self.intent.split(":")[1]


def intend(
    tx: Transaction,
    sync: SyncRow,
    template: str,
    *,
    hold_id: str | None,
    about: str,
    recipients: Sequence[str] | None = None,
    due_at: datetime | None = None,
    day: int | None = None,
) -> None:
    """Write a mail to each recipient, and the work to send it.

    A second intent of the same template about the same thing to the same one writes nothing.

    Args:
        tx: the transaction that it is part of.
        sync: what it is about.
        template: a Template.
        hold_id: the hold that it tells of, if it is about a single one.
        about: names the thing, once for all mails of the template.
        recipients: whom to; the administrators of the district, if not said.
        due_at: not before; at once, if not said.
        day: the day of the hold, of a reminder.
    """
    if recipients is None:
        recipients = districts.emails_of(tx.conn, sync.district_id)
    for recipient in recipients:
        intent = f"{template}:{about}:{recipient}"
        known = tx.conn.execute(sa.select(emails.c.id).where(emails.c.intent == intent)).first()
        if known is None:
            values: dict[str, object] = {
                "intent": intent,
                "hold_id": hold_id,
                "template": template,
                "day": day,
            }
            _write(tx, sync, recipient, due_at, values)


def _write(
    tx: Transaction,
    sync: SyncRow,
    recipient: str,
    due_at: datetime | None,
    values: dict[str, object],
) -> None:
    email_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(emails).values(
            id=email_id,
            district_id=sync.district_id,
            sync_id=sync.id,
            recipient=recipient,
            message_id=f"<{email_id.lower()}@rosterhold>",
            status=EmailStatus.WAITING.value,
            attempts=0,
            created_at=tx.now,
            **values,
        )
    )
    outbox.add(
        tx,
        Work.EMAIL,
        district_id=sync.district_id,
        sync_id=sync.id,
        subject=email_id,
        due_at=due_at,
    )


def load(conn: sa.Connection, email_id: str) -> EmailRow | None:
    row = conn.execute(sa.select(emails).where(emails.c.id == email_id)).one_or_none()
    return None if row is None else EmailRow(**row._mapping)  # noqa: SLF001 - public view


def is_needed(conn: sa.Connection, mail: EmailRow) -> bool:
    """Whether a mail still tells what is so.

    One that asks for a decision is not, once its hold is closed; a reminder is not either, once
    somebody has answered or its recipient wants none; nor is one of an endpoint that is on again.
    """
    if mail.template == Template.ENDPOINT_OFF:
        endpoint = webhooks.find_endpoint(conn, mail.about)
        return endpoint is not None and endpoint.switched_off_at is not None
    if mail.template not in _ABOUT_AN_OPEN_HOLD or mail.hold_id is None:
        return True
    hold = holds.load(conn, mail.hold_id)
    if hold is None or hold.resolved_at is not None:
        return False
    if mail.template != Template.HOLD_REMINDER:
        return True
    address = addresses.load(conn, mail.district_id, mail.recipient)
    return hold.answered_at is None and address.no_reminders_since is None


def first_of_thread(conn: sa.Connection, mail: EmailRow) -> str | None:
    """The Message-ID that a mail answers: its recipient's first one about the hold or the sync."""
    same = emails.c.hold_id == mail.hold_id if mail.hold_id else emails.c.sync_id == mail.sync_id
    first: str | None = conn.execute(
        sa.select(emails.c.message_id)
        .where(same, emails.c.sync_id == mail.sync_id, emails.c.recipient == mail.recipient)
        .where(emails.c.created_at < mail.created_at)
        .order_by(emails.c.created_at, emails.c.id)
        .limit(1)
    ).scalar_one_or_none()
    return first


def was_written_to(conn: sa.Connection, sync_id: str, recipient: str) -> bool:
    """Whether somebody has got a mail about a sync."""
    query = sa.select(emails.c.id).where(
        emails.c.sync_id == sync_id,
        emails.c.recipient == recipient,
        emails.c.status == EmailStatus.SENT.value,
    )
    return conn.execute(query.limit(1)).first() is not None


def drop(tx: Transaction, email_id: str) -> None:
    """Note that a mail is not needed any more."""
    values = {"status": EmailStatus.NOT_NEEDED.value}
    tx.conn.execute(sa.update(emails).where(emails.c.id == email_id).values(values))


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


@dataclass(frozen=True, slots=True)
class NotSentAgain:
    """Why a mail cannot go out again, in words for an operator."""

    why: str


def send_again(tx: Transaction, mail: EmailRow) -> NotSentAgain | None:
    """Let a mail go out now, whatever became of it: under its own Message-ID, as it is now."""
    if not is_needed(tx.conn, mail):
        return NotSentAgain(
            "the hold that it tells of is closed or answered, or its recipient wants no reminders"
        )
    own = sa.and_(
        outbox_table.c.sync_id == mail.sync_id,
        outbox_table.c.subject == mail.id,
        outbox_table.c.work == Work.EMAIL.value,
    )
    row = tx.conn.execute(sa.select(outbox_table.c.leased_until).where(own)).one_or_none()
    if row is not None and row.leased_until is not None and row.leased_until > tx.now:
        return NotSentAgain("it is being sent just now")
    tx.conn.execute(sa.delete(outbox_table).where(own))
    tx.conn.execute(
        sa.update(emails)
        .where(emails.c.id == mail.id)
        .values(status=EmailStatus.WAITING.value, last_error=None)
    )
    outbox.add(tx, Work.EMAIL, district_id=mail.district_id, sync_id=mail.sync_id, subject=mail.id)
    return None
