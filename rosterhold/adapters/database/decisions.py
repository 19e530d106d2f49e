"""Taking what people answer: start, decide, check again, cancel.

Each is one transaction, and answers with a value: what happened, or why nothing did.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from ulid import ULID

from rosterhold.adapters import layout
from rosterhold.adapters.database import answers, districts, holds, notices
from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow, find_open, load
from rosterhold.adapters.database.tables import acceptances, decisions
from rosterhold.adapters.database.transitions import Cause, StaleSyncError, begin, perform
from rosterhold.roster.store import SnapshotStore
from rosterhold.statemachine.answers import Chosen, choose, decided_already, scope_of
from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.statemachine.decisions import ANSWERS, PARTLY, Action, Answered, Refused, judge
from rosterhold.statemachine.reasons import Reason

if TYPE_CHECKING:
    import polars as pl

_CHANGES_THE_DISTRICT: Final = frozenset({Action.ACCEPT, Action.LEAVE_OUT})

_NOT_BY_FINDING: Final = (
    "What is on hold here was found by an older version of this program, and can only be answered "
    "for all schools. Nothing was done."
)


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
    """Who decides, from where (an address, or "command line"), and by which login."""

    who: str
    from_where: str
    login: str | None = None


def start(
    database: Database, district_id: str, *, trigger: str, cause: Cause
) -> Started | AlreadyOpen:
    """Open a sync for a district; at most one is open at a time."""
    try:
        with database.one_statement() as tx:
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
            notices.sync_ended(tx, moved)
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
    schools: Collection[str] | None = None,
    findings: Collection[int] | None = None,
) -> Decided | Refused:
    """Take a person's answer to a hold: all of it, or nothing with the reason.

    The answer is kept with who, when, from where, on which digest and to which findings; accepted
    records and the wish to leave contacts out become settings of the district in the same
    transaction. The sync goes on when nothing is left to answer.

    Args:
        database: where.
        store: the files of the evaluation that is answered.
        sync_id: the sync on hold.
        action: what the person chose.
        digest: of everything that the person saw, also when only a part of it is answered.
        person: who answers.
        schools: Clever ids of schools, "" for what was found of the district as a whole; the
            answer is to their findings.
        findings: numbers of findings that it is to, beside or instead of those of schools. With
            neither it is to all that is left.
    """
    scope = scope_of(schools, findings)
    try:
        with database.transaction() as tx:
            # Of two answers in the same instant the second sees what the first one did.
            sync = load(tx.conn, sync_id, to_change=True)
            if sync is None:
                return Refused("unknown", f"There is no sync {sync_id}.")
            rows = holds.of_sync(tx.conn, sync_id, only_open=True)
            unanswered = {hold.reason: hold for hold in rows if hold.answered_at is None}
            digests = {reason: hold.digest for reason, hold in unanswered.items()}
            verdict = judge(sync.state, digests, action, digest)
            if isinstance(verdict, Refused):
                return _somebody_was_first(tx, rows, action, verdict) or verdict
            answer = _Answer(sync, unanswered[verdict.reason], action, person)
            chosen = choose(answers.asked_of(tx.conn, answer.hold), action, scope)
            if isinstance(chosen, Refused):
                return chosen
            return _take(tx, store, answer, verdict, chosen)
    except StaleSyncError:
        return Refused("outdated", "Somebody else was first. Please look at the sync again.")


def _somebody_was_first(
    tx: Transaction, rows: Iterable[HoldRow], action: Action, refusal: Refused
) -> Refused | None:
    """Who answered what this answer is to, while the sync is on hold for something else."""
    if refusal.code != "other_reason":
        return None
    meant = next((hold for hold in rows if hold.reason in ANSWERS[action]), None)
    earlier = meant and answers.last_answer(tx.conn, meant)
    return decided_already(earlier) if earlier else None


@dataclass(frozen=True, slots=True)
class _Answer:
    sync: SyncRow
    hold: HoldRow
    action: Action
    person: Person


def _take(
    tx: Transaction, store: SnapshotStore, answer: _Answer, verdict: Answered, chosen: Chosen
) -> Decided | Refused:
    sync, hold, action = answer.sync, answer.hold, answer.action
    of_some = not (chosen.is_first and chosen.is_last)
    if not chosen.is_last and not store.exists(_named_ref(hold)):
        # An evaluation of the release before, which knew only answers to everything.
        return Refused("whole_only", _NOT_BY_FINDING)
    kept = action.value if chosen.is_last else PARTLY[action]
    decision_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(decisions).values(
            id=decision_id,
            sync_id=sync.id,
            district_id=sync.district_id,
            reason=hold.reason.value,
            action=kept,
            who=answer.person.who,
            from_where=answer.person.from_where,
            login=answer.person.login,
            digest=hold.digest,
            evaluation_no=hold.evaluation_no,
            at=tx.now,
        )
    )
    if action in _CHANGES_THE_DISTRICT:
        reviewed = _reviewed(store, hold, chosen.findings if of_some else None)
        if action is Action.ACCEPT:
            _accept(tx, hold, reviewed, decision_id)
        else:
            _leave_out(tx, hold, reviewed)
    # Checking again answers no finding, Clever's new data will.
    if verdict.closes:
        answers.write(tx, hold, decision_id, chosen.findings)
    event = verdict.event
    if not chosen.is_last:
        event = SyncEvent.ANSWER
    elif verdict.closes:
        holds.answer(tx, sync.id, hold.reason)
    moved = perform(tx, sync, event, Cause(kept, answer.person.who))
    return Decided(sync.id, moved.state, tuple(tx.work))


def _named_ref(hold: HoldRow) -> str:
    return layout.named_ref(
        layout.evaluation_prefix(hold.district_id, hold.sync_id, hold.evaluation_no)
    )


def _reviewed(
    store: SnapshotStore, hold: HoldRow, chosen: Collection[int] | None
) -> "pl.DataFrame":
    """The records that a configuration hold, or some of its findings, are about.

    In SUBJECT_SCHEMA.
    """
    prefix = layout.evaluation_prefix(hold.district_id, hold.sync_id, hold.evaluation_no)
    whole = store.scan([layout.subjects_ref(prefix, Reason.DATA_CONFIGURATION)])
    if chosen is None:
        return whole.collect()
    named = store.scan([layout.named_ref(prefix)]).collect()
    mine = named["finding"].is_in(list(chosen))
    return named.filter(mine).select(whole.collect_schema().names()).unique()


def _accept(tx: Transaction, hold: HoldRow, reviewed: "pl.DataFrame", decision_id: str) -> None:
    known = set(districts.accepted_subjects(tx.conn, hold.district_id))
    fresh = [row for row in reviewed.iter_rows(named=True) if tuple(row.values()) not in known]
    if fresh:
        own = {"district_id": hold.district_id, "decision_id": decision_id}
        tx.conn.execute(sa.insert(acceptances), [{**row, **own} for row in fresh])


def _leave_out(tx: Transaction, hold: HoldRow, reviewed: "pl.DataFrame") -> None:
    """Leave out what was found: the types named, and the crowds if there were any."""
    district = districts.find(tx.conn, hold.district_id)
    if district is None:
        raise LookupError(hold.district_id)
    types = reviewed.filter(rule="contact_types")["fact"].unique().to_list()
    crowds = reviewed.filter(rule="guardians_per_student").height > 0
    values = {
        "leave_out_types": sorted({*district.leave_out_types, *types}),
        "leave_out_crowds": district.leave_out_crowds or crowds,
    }
    districts.update(tx, hold.district_id, values)
