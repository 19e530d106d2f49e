"""Taking what people answer: start, decide, check again, cancel.

Each is one transaction, and answers with a value: what happened, or why nothing did.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from ulid import ULID

from rosterhold.adapters import layout
from rosterhold.adapters.database import districts, holds
from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow, find_open, load
from rosterhold.adapters.database.tables import acceptances, decisions
from rosterhold.adapters.database.transitions import Cause, StaleSyncError, begin, perform
from rosterhold.roster.store import SnapshotStore
from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.statemachine.decisions import Action, Answered, Refused, judge
from rosterhold.statemachine.reasons import Reason

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Started:
    """A sync was opened. `work` is what the doorbell is rung for."""

    sync_id: str
    work: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """The district has an open sync: this one."""

    sync_id: str
    state: SyncState


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision was taken. `work` is what the doorbell is rung for."""

    sync_id: str
    state: SyncState
    work: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides, and from where (an address, or "command line")."""

    who: str
    from_where: str


def start(
    database: Database, district_id: str, *, trigger: str, cause: Cause
) -> Started | AlreadyOpen:
    """Open a sync for a district; at most one is open at a time."""
    try:
        with database.transaction() as tx:
            sync_id = begin(tx, district_id=district_id, trigger=trigger, cause=cause)
            return Started(sync_id, tuple(tx.work))
    except IntegrityError:
        with database.reading() as conn:
            open_one = find_open(conn, district_id)
        if open_one is None:
            raise
        return AlreadyOpen(open_one.id, open_one.state)


def check_held_again(database: Database, sync_id: str, cause: Cause) -> Decided | None:
    """Take a held sync through `resumed` without a decision, as a schedule does.

    None when it is not on hold, or somebody was first.
    """
    try:
        with database.transaction() as tx:
            sync = load(tx.conn, sync_id)
            if sync is None or not sync.state.is_on_hold:
                return None
            moved = perform(tx, sync, SyncEvent.RESUME, cause)
            return Decided(sync_id, moved.state, tuple(tx.work))
    except StaleSyncError:
        return None


def cancel(database: Database, sync_id: str, cause: Cause) -> Decided | Refused:
    """End an open sync without applying anything."""
    try:
        with database.transaction() as tx:
            sync = load(tx.conn, sync_id)
            if sync is None or sync.state.is_final or sync.state is SyncState.APPLYING:
                return Refused(
                    "not_open", "This sync can no longer be cancelled. Nothing was done."
                )
            moved = perform(tx, sync, SyncEvent.CANCEL, cause)
            return Decided(sync_id, moved.state, tuple(tx.work))
    except StaleSyncError:
        return Refused("outdated", "The sync has just moved on. Please look at it again.")


def decide(
    database: Database,
    store: SnapshotStore,
    *,
    sync_id: str,
    action: Action,
    digest: str | None,
    person: Person,
) -> Decided | Refused:
    """Take a person's answer to a hold: all of it, or nothing with the reason.

    The answer is kept with who, when, from where and on which digest; accepted records and the
    wish to leave contacts out become settings of the district in the same transaction.
    """
    try:
        with database.transaction() as tx:
            # Of two answers in the same instant the second sees what the first one did.
            sync = load(tx.conn, sync_id, to_change=True)
            if sync is None:
                return Refused("unknown", f"There is no sync {sync_id}.")
            unanswered = {
                hold.reason: hold
                for hold in holds.of_sync(tx.conn, sync_id, only_open=True)
                if hold.answered_at is None
            }
            digests = {reason: hold.digest for reason, hold in unanswered.items()}
            verdict = judge(sync.state, digests, action, digest)
            if isinstance(verdict, Refused):
                return verdict
            return _take(tx, store, sync, unanswered[verdict.reason], action, verdict, person)
    except StaleSyncError:
        return Refused("outdated", "Somebody else was first. Please look at the sync again.")


def _take(
    tx: Transaction,
    store: SnapshotStore,
    sync: SyncRow,
    hold: HoldRow,
    action: Action,
    verdict: Answered,
    person: Person,
) -> Decided | Refused:
    decision_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(decisions).values(
            id=decision_id,
            sync_id=sync.id,
            district_id=sync.district_id,
            reason=hold.reason.value,
            action=action.value,
            who=person.who,
            from_where=person.from_where,
            digest=hold.digest,
            evaluation_no=hold.evaluation_no,
            at=tx.now,
        )
    )
    if action is Action.ACCEPT:
        _accept(tx, store, hold, decision_id)
    if action is Action.LEAVE_OUT:
        _leave_out(tx, store, hold)
    if verdict.closes:
        holds.answer(tx, sync.id, hold.reason)
    moved = perform(tx, sync, verdict.event, Cause(action.value, person.who))
    return Decided(sync.id, moved.state, tuple(tx.work))


def _reviewed(store: SnapshotStore, hold: HoldRow) -> "pl.DataFrame":
    """The records that a configuration hold is about, in SUBJECT_SCHEMA."""
    prefix = layout.evaluation_prefix(hold.district_id, hold.sync_id, hold.evaluation_no)
    return store.scan([layout.subjects_ref(prefix, Reason.DATA_CONFIGURATION)]).collect()


def _accept(tx: Transaction, store: SnapshotStore, hold: HoldRow, decision_id: str) -> None:
    known = set(districts.accepted_subjects(tx.conn, hold.district_id))
    rows = _reviewed(store, hold).iter_rows(named=True)
    fresh = [row for row in rows if tuple(row.values()) not in known]
    if fresh:
        own = {"district_id": hold.district_id, "decision_id": decision_id}
        tx.conn.execute(sa.insert(acceptances), [{**row, **own} for row in fresh])


def _leave_out(tx: Transaction, store: SnapshotStore, hold: HoldRow) -> None:
    """Leave out what was found: the types named, and the crowds if there were any."""
    district = districts.find(tx.conn, hold.district_id)
    if district is None:
        raise LookupError(hold.district_id)
    reviewed = _reviewed(store, hold)
    types = reviewed.filter(rule="contact_types")["fact"].unique().to_list()
    crowds = reviewed.filter(rule="guardians_per_student").height > 0
    values = {
        "leave_out_types": sorted({*district.leave_out_types, *types}),
        "leave_out_crowds": district.leave_out_crowds or crowds,
    }
    districts.update(tx, hold.district_id, values)
