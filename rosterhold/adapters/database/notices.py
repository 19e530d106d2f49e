"""Who is told what of a sync, and when: mails and reminders, written in the caller's transaction.

A hold has one row of the outbox that reminds of it next, from its first moment until it is closed.
Whoever does that work writes the next row with the mails. Nobody goes through the open holds.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database import (
    accounts,
    addresses,
    districts,
    emails,
    holds,
    outbox,
    syncs,
    webhooks,
)
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.emails import Template
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.statemachine.announcements import Announcement
from rosterhold.statemachine.chart import Work
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.reminders import (
    SECOND_CONTACT_FROM_DAY,
    may_go_out,
    next_reminder,
    reached_day,
)

# While a held sync is just being checked again, its reminder waits for what comes of that.
LOOK_AGAIN_AFTER: Final = timedelta(minutes=10)


def hold_found(tx: Transaction, sync: SyncRow, hold_id: str, reason: Reason, *, new: bool) -> None:
    """Tell the administrators of a new hold, and see to it that an open one is reminded of."""
    district = _district_of(tx, sync)
    if new:
        emails.intend(
            tx,
            sync,
            Template.CONNECTION_LOST if reason is Reason.DISCONNECTED else Template.HOLD_OPENED,
            hold_id=hold_id,
            about=hold_id,
            due_at=_may_go_out(tx, district),
        )
        _remind_next(tx, district, sync.id, hold_id, opened_at=tx.now, after_day=0)
        return
    hold = holds.load(tx.conn, hold_id)
    # A hold of an older version of this program has no reminder yet.
    if hold is not None and not _is_reminded(tx.conn, hold):
        day = reached_day(hold.opened_at, tx.now, district.zone) or 0
        _remind_next(tx, district, sync.id, hold_id, opened_at=hold.opened_at, after_day=day)


def sync_ended(tx: Transaction, sync: SyncRow) -> None:
    """Tell whoever was told of a hold that its sync is over; nobody, if it was never on hold."""
    if not holds.of_sync(tx.conn, sync.id):
        return
    district = _district_of(tx, sync)
    second = district.second_contact
    knows = second is not None and emails.was_written_to(tx.conn, sync.id, second)
    emails.intend(
        tx,
        sync,
        Template.HOLD_RESOLVED,
        hold_id=None,
        about=sync.id,
        recipients=_recipients(tx.conn, district, with_second=knows),
        due_at=_may_go_out(tx, district),
    )


def remind(tx: Transaction, sync_id: str, hold_id: str) -> None:
    """Write the reminder of a hold that is due, and the row of the next one.

    A hold that is closed is not reminded of any more; one that is answered is not this time.
    """
    sync, hold = syncs.load(tx.conn, sync_id), holds.load(tx.conn, hold_id)
    if sync is None or sync.state.is_final or hold is None or hold.resolved_at is not None:
        return
    district = _district_of(tx, sync)
    day = reached_day(hold.opened_at, tx.now, district.zone)
    if day is not None and hold.answered_at is None:
        if not sync.state.is_on_hold:
            _add(tx, district, sync_id, hold_id, due_at=tx.now + LOOK_AGAIN_AFTER)
            return
        emails.intend(
            tx,
            sync,
            Template.HOLD_REMINDER,
            hold_id=hold_id,
            about=f"{hold_id}:{day}",
            recipients=_who_wants_reminders(tx.conn, district, day),
            due_at=_may_go_out(tx, district),
            day=day,
        )
        webhooks.announce(
            tx,
            Announcement.HOLD_REMINDED,
            district_id=district.id,
            sync_id=sync_id,
            reason=hold.reason.value,
            day=day,
        )
    _remind_next(tx, district, sync_id, hold_id, opened_at=hold.opened_at, after_day=day or 0)


def endpoint_switched_off(tx: Transaction, endpoint_id: str, sync_id: str) -> None:
    """Tell the operators that an endpoint is told nothing more, with the sync it was last told of.

    To be called once for each time that it is switched off.
    """
    sync = syncs.load(tx.conn, sync_id)
    if sync is None:
        return
    emails.intend(
        tx,
        sync,
        Template.ENDPOINT_OFF,
        hold_id=None,
        about=f"{endpoint_id}:{tx.now.timestamp()}",
        recipients=accounts.operators(tx.conn),
    )


def _who_wants_reminders(conn: sa.Connection, district: DistrictRow, day: int) -> list[str]:
    everybody = _recipients(conn, district, with_second=day >= SECOND_CONTACT_FROM_DAY)
    return [
        email
        for email in everybody
        if addresses.load(conn, district.id, email).no_reminders_since is None
    ]


def _recipients(conn: sa.Connection, district: DistrictRow, *, with_second: bool) -> list[str]:
    """The administrators, and the second contact if wanted: each address once."""
    second = [district.second_contact] if with_second and district.second_contact else []
    return list(dict.fromkeys([*districts.emails_of(conn, district.id), *second]))


def _remind_next(
    tx: Transaction,
    district: DistrictRow,
    sync_id: str,
    hold_id: str,
    *,
    opened_at: datetime,
    after_day: int,
) -> None:
    due_at = next_reminder(opened_at, after_day, district.zone, district.quiet).due_at
    _add(tx, district, sync_id, hold_id, due_at=due_at)


def _add(
    tx: Transaction, district: DistrictRow, sync_id: str, hold_id: str, *, due_at: datetime
) -> None:
    outbox.add(
        tx,
        Work.REMIND,
        district_id=district.id,
        sync_id=sync_id,
        subject=hold_id,
        due_at=due_at,
    )


def _is_reminded(conn: sa.Connection, hold: HoldRow) -> bool:
    query = sa.select(outbox_table.c.id).where(
        outbox_table.c.sync_id == hold.sync_id,
        outbox_table.c.work == Work.REMIND.value,
        outbox_table.c.subject == hold.id,
    )
    return conn.execute(query.limit(1)).first() is not None


def _may_go_out(tx: Transaction, district: DistrictRow) -> datetime | None:
    """When the quiet hours of a district end; None outside of them."""
    due_at = may_go_out(tx.now, district.zone, district.quiet)
    return due_at if due_at > tx.now else None


def _district_of(tx: Transaction, sync: SyncRow) -> DistrictRow:
    district = districts.find(tx.conn, sync.district_id)
    if district is None:
        raise LookupError(f"no district {sync.district_id}")
    return district
