"""The one place where a sync changes its state.

`perform` loads the row, asks the chart, and writes the new state (compare and set on the version),
the history row and the work that follows, all in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import outbox
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import holds, syncs, transitions
from rosterhold.statemachine.chart import (
    GUARDED,
    INITIAL,
    INITIAL_WORK,
    NotAllowed,
    SyncEvent,
    SyncState,
    move,
)
from rosterhold.statemachine.reasons import Reason


@dataclass(frozen=True, slots=True)
class SyncRow:
    """A sync as it was read; `version` is what a change of it must still find."""

    id: str
    district_id: str
    state: SyncState
    version: int
    trigger: str
    fetch_no: int
    evaluation_no: int
    snapshot_ref: str | None
    target_ref: str | None
    counts: dict[str, dict[str, int]]
    set_aside: dict[str, int]
    receipt: dict[str, int] | None
    failure: str | None
    started_at: datetime
    finished_at: datetime | None
    held_since: datetime | None


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


def load(conn: sa.Connection, sync_id: str, *, to_change: bool = False) -> SyncRow | None:
    """The sync. With `to_change`, whoever else means to change it waits for this transaction.

    SQLite needs no such lock: it has one writer at a time.
    """
    query = sa.select(syncs).where(syncs.c.id == sync_id)
    row = conn.execute(query.with_for_update() if to_change else query).one_or_none()
    return None if row is None else as_sync(row)


def as_sync(row: sa.Row[Any]) -> SyncRow:
    fields: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view
    fields["state"] = SyncState(fields["state"])
    return SyncRow(**fields)


def begin(tx: Transaction, *, district_id: str, trigger: str, cause: Cause) -> str:
    """Open a sync for a district and write its first piece of work.

    Raises:
        sqlalchemy.exc.IntegrityError: the district has an open sync.
    """
    sync_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(syncs).values(
            id=sync_id,
            district_id=district_id,
            state=INITIAL.value,
            version=1,
            trigger=trigger,
            fetch_no=1,
            evaluation_no=0,
            counts={},
            set_aside={},
            started_at=tx.now,
        )
    )
    _write_history(tx, sync_id, 1, None, INITIAL, "start", cause)
    outbox.add(tx, INITIAL_WORK, district_id=district_id, sync_id=sync_id)
    return sync_id


def perform(
    tx: Transaction,
    sync: SyncRow,
    event: SyncEvent,
    cause: Cause,
    changes: Mapping[str, object] | None = None,
) -> SyncState:
    """Take a sync through one transition, as it was seen, with what else changes of its row.

    Returns:
        The state it is in now.

    Raises:
        StaleSyncError: it is no longer in the version that was seen.
        EventRefusedError: the chart does not allow the event.
    """
    reasons = open_reasons(tx.conn, sync.id) if event in GUARDED else frozenset()
    moved = move(sync.state, event, reasons)
    if isinstance(moved, NotAllowed):
        raise EventRefusedError(moved)
    values: dict[str, object] = {
        **(changes or {}),
        "state": moved.state.value,
        "version": sync.version + 1,
    }
    if moved.state.is_final:
        values["finished_at"] = tx.now
        outbox.drop_for_sync(tx, sync.id)
    if moved.state.is_on_hold and sync.held_since is None:
        values["held_since"] = tx.now
    written = tx.conn.execute(
        sa.update(syncs)
        .where(syncs.c.id == sync.id, syncs.c.version == sync.version)
        .values(values)
    )
    if written.rowcount != 1:
        raise StaleSyncError(sync.id)
    # The sync before its holds, as whoever answers one takes them: neither waits for the other.
    if moved.state.is_final:
        _close_holds(tx, sync.id, moved.state)
    _write_history(tx, sync.id, sync.version + 1, sync.state, moved.state, event, cause)
    for work in moved.work:
        outbox.add(tx, work, district_id=sync.district_id, sync_id=sync.id)
    return moved.state


def open_reasons(conn: sa.Connection, sync_id: str) -> frozenset[Reason]:
    """The reasons of a sync that nobody has answered yet."""
    rows = conn.execute(
        sa.select(holds.c.reason).where(
            holds.c.sync_id == sync_id,
            holds.c.resolved_at.is_(None),
            holds.c.answered_at.is_(None),
        )
    )
    return frozenset(Reason(row.reason) for row in rows)


def _close_holds(tx: Transaction, sync_id: str, state: SyncState) -> None:
    """Nothing of a sync that is over waits for anybody."""
    tx.conn.execute(
        sa.update(holds)
        .where(holds.c.sync_id == sync_id, holds.c.resolved_at.is_(None))
        .values(resolved_at=tx.now, resolution=state.value)
    )


def _write_history(
    tx: Transaction,
    sync_id: str,
    seq: int,
    from_state: SyncState | None,
    to_state: SyncState,
    event: str,
    cause: Cause,
) -> None:
    tx.conn.execute(
        sa.insert(transitions).values(
            sync_id=sync_id,
            seq=seq,
            from_state=from_state.value if from_state else None,
            to_state=to_state.value,
            event=str(event),
            why=cause.why,
            who=cause.who,
            at=tx.now,
        )
    )
