"""The one place where a sync changes its state.

`perform` asks the chart, and writes the new state (compare and set on the version), the history
row and the work that follows, all in the caller's transaction. For PostgreSQL that is one
statement, for SQLite several: docs/decisions/0013-a-transition-is-one-statement.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import claims, one_statement, outbox
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Database, Moved, Transaction
from rosterhold.adapters.database.one_statement import NothingMovedError, Shape
from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import holds, syncs, transitions
from rosterhold.adapters.database.versions import known
from rosterhold.statemachine.chart import (
    GUARDED,
    INITIAL,
    INITIAL_WORK,
    NotAllowed,
    SyncEvent,
    SyncState,
    Work,
    move,
)
from rosterhold.statemachine.reasons import Reason


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a transition happens, and who made it happen."""

    why: str
    who: str = "rosterhold"


class StaleSyncError(Exception):
    """Raised when a sync is no longer as it was seen: somebody else was first."""


class EventRefusedError(Exception):
    """Raised when the chart does not allow the event; `refusal` says in which state."""

    def __init__(self, refusal: NotAllowed) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


def begin(
    tx: Transaction, *, district_id: str, trigger: str, cause: Cause, queue: Queue = Queue.URGENT
) -> str:
    """Open a sync for a district and write its first piece of work.

    Raises:
        sqlalchemy.exc.IntegrityError: the district has an open sync.
    """
    now, waits = outbox.queue_for(tx, district_id, queue)
    sync_id = str(ULID.from_datetime(now))
    new: dict[str, Any] = {
        "state": INITIAL.value,
        "version": 1,
        "trigger": trigger,
        "fetch_no": 1,
        "evaluation_no": 0,
        "counts": {},
        "set_aside": {},
    }
    line = {
        "seq": 1,
        "from_state": None,
        "to_state": INITIAL.value,
        "event": "start",
        "why": cause.why,
        "who": cause.who,
    }
    if not tx.is_sqlite:
        _open_at_once(tx, sync_id, district_id, waits, new, line)
        return sync_id
    own = {"id": sync_id, "district_id": district_id, "started_at": now}
    tx.conn.execute(sa.insert(syncs).values(**new, **own))
    tx.conn.execute(sa.insert(transitions).values(sync_id=sync_id, at=now, **line))
    outbox.add(tx, INITIAL_WORK, district_id=district_id, sync_id=sync_id, queue=waits)
    return sync_id


def _open_at_once(
    tx: Transaction,
    sync_id: str,
    district_id: str,
    queue: Queue,
    new: Mapping[str, Any],
    line: Mapping[str, Any],
) -> None:
    waits = outbox.queue_of(tx, INITIAL_WORK, queue)
    values = {
        **{f"set_{name}": value for name, value in new.items()},
        **{f"line_{name}": value for name, value in line.items()},
        **_next_values(tx, INITIAL_WORK, waits, district_id, sync_id),
    }
    born_leased = outbox.is_born_leased(tx, INITIAL_WORK)
    work_id = one_statement.open_sync(tx, values, born_leased=born_leased)
    tx.work.append(Written(work_id, INITIAL_WORK, waits))


def _next_values(
    tx: Transaction, work: Work, queue: Queue, district_id: str, sync_id: str
) -> dict[str, Any]:
    """The row of the work that follows, for `one_statement`."""
    return {
        "next_lease": tx.lease,
        "next_process": tx.process_id,
        "next_work": work.value,
        "next_queue": queue.value,
        "next_district": district_id,
        "next_sync": sync_id,
    }


def perform_alone(
    database: Database,
    sync: SyncRow,
    event: SyncEvent,
    cause: Cause,
    changes: Mapping[str, Any] | None = None,
    *,
    settles: Claim,
) -> tuple[Written, ...]:
    """A step whose whole effect is its transition: `perform` in a transaction of its own.

    Returns:
        The work that follows.
    """
    with database.one_statement() as tx:
        perform(tx, sync, event, cause, changes, settles=settles)
        return tuple(tx.work)


def perform(
    tx: Transaction,
    sync: SyncRow,
    event: SyncEvent,
    cause: Cause,
    changes: Mapping[str, Any] | None = None,
    *,
    settles: Claim | None = None,
    queue: Queue = Queue.URGENT,
) -> SyncRow:
    """Take a sync through one transition, as it was seen, with what else changes of its row.

    Args:
        tx: the transaction that it is part of.
        sync: the sync as it was seen.
        event: what happens to it.
        cause: for the history.
        changes: columns of the sync that change with its state.
        settles: the claim whose work this ends, if nothing settled it before.
        queue: where the next work waits, unless it follows claimed work.

    Returns:
        The sync as it is now. Its times are those of the database, and are not read back.

    Raises:
        StaleSyncError: it is no longer in the version that was seen, or the claim is lost.
        ClaimLostError: the claim is lost.
        EventRefusedError: the chart does not allow the event.
    """
    # What was never on hold has nothing open.
    is_guarded = event in GUARDED and (event is not SyncEvent.CLEAR or sync.held_since is not None)
    reasons = open_reasons(tx.conn, sync.id) if is_guarded else frozenset()
    moved = move(sync.state, event, reasons)
    if isinstance(moved, NotAllowed):
        raise EventRefusedError(moved)
    if settles is None and tx.claim is None and moved.work:
        _, queue = outbox.queue_for(tx, sync.district_id, queue)
    given = dict(changes or {})
    changed = {**given, "state": moved.state, "version": sync.version + 1}
    after = msgspec.structs.replace(sync, **changed)
    (work,) = moved.work or (None,)
    transition = _Transition(sync, after, event.value, cause, given, work, queue)
    if tx.is_sqlite:
        _write_in_turn(tx, transition, settles)
    else:
        _write_at_once(tx, transition, settles)
    tx.moved.append(Moved(after, event.value))
    return after


@dataclass(frozen=True, slots=True)
class _Transition:
    before: SyncRow
    after: SyncRow
    event: str
    cause: Cause
    changes: dict[str, Any]
    work: Work | None
    queue: Queue

    def values(self) -> dict[str, Any]:
        """The columns of the sync that change."""
        return {**self.changes, "state": self.after.state.value, "version": self.after.version}

    def timed(self) -> frozenset[str]:
        """Those that are set to the time."""
        is_new_hold = self.after.state.is_on_hold and self.before.held_since is None
        marks = {"finished_at": self.after.state.is_final, "held_since": is_new_hold}
        return frozenset(name for name, is_set in marks.items() if is_set)

    def history(self) -> dict[str, Any]:
        """The line of the history, without its time."""
        return {
            "sync_id": self.after.id,
            "seq": self.after.version,
            "from_state": self.before.state.value,
            "to_state": self.after.state.value,
            "event": self.event,
            "why": self.cause.why,
            "who": self.cause.who,
        }


def _write_in_turn(tx: Transaction, moves: _Transition, settles: Claim | None) -> None:
    before, after = moves.before, moves.after
    if settles is not None:
        claims.settle(tx, settles)
    if after.state.is_final:
        outbox.drop_for_sync(tx, before.id)
    written = tx.conn.execute(
        sa.update(syncs)
        .where(syncs.c.id == before.id, syncs.c.version == before.version)
        .values({**moves.values(), **dict.fromkeys(moves.timed(), tx.now)})
    )
    if written.rowcount != 1:
        raise StaleSyncError(before.id)
    if after.state.is_final:
        _close_holds(tx, before.id, after.state)
    tx.conn.execute(sa.insert(transitions).values(at=tx.now, **moves.history()))
    if moves.work is not None:
        outbox.add(
            tx,
            moves.work,
            district_id=after.district_id,
            sync_id=after.id,
            queue=moves.queue,
            sync=after,
        )


def _write_at_once(tx: Transaction, moves: _Transition, settles: Claim | None) -> None:
    tx.claim = settles or tx.claim
    line = moves.history()
    values = {
        "own_sync": line.pop("sync_id"),
        "own_version": moves.before.version,
        **{f"line_{name}": value for name, value in line.items()},
        **{f"set_{name}": value for name, value in moves.values().items()},
    }
    if settles is not None:
        values |= {"own_work": settles.work_id, "own_epoch": settles.epoch}
    after = moves.after
    if moves.work is not None:
        queue = outbox.queue_of(tx, moves.work, moves.queue)
        values |= _next_values(tx, moves.work, queue, after.district_id, after.id)
    shape = Shape(
        settles=settles is not None,
        changed=frozenset(moves.values()),
        timed=moves.timed(),
        is_final=after.state.is_final,
        goes_to_work=moves.work is not None,
        born_leased=moves.work is not None and outbox.is_born_leased(tx, moves.work),
    )
    try:
        work_id = one_statement.execute(tx, shape, values)
    except NothingMovedError as error:
        raise StaleSyncError(moves.before.id) from error
    if work_id is not None and moves.work is not None:
        tx.work.append(Written(work_id, moves.work, queue, after))


def open_reasons(conn: sa.Connection, sync_id: str) -> frozenset[Reason]:
    """The reasons of a sync that nobody has answered yet."""
    rows = conn.execute(
        sa.select(holds.c.reason).where(
            holds.c.sync_id == sync_id,
            holds.c.resolved_at.is_(None),
            holds.c.answered_at.is_(None),
        )
    )
    return frozenset(known(Reason, row.reason) for row in rows)


def _close_holds(tx: Transaction, sync_id: str, state: SyncState) -> None:
    """Nothing of a sync that is over waits for anybody."""
    tx.conn.execute(
        sa.update(holds)
        .where(holds.c.sync_id == sync_id, holds.c.resolved_at.is_(None))
        .values(resolved_at=tx.now, resolution=state.value)
    )
