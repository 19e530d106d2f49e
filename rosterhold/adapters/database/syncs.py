"""A sync as it was read. Whoever changes one goes through `transitions.perform`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from rosterhold.adapters.database.tables import syncs
from rosterhold.adapters.database.versions import known
from rosterhold.statemachine.chart import SyncState


class SyncRow(msgspec.Struct, frozen=True):
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
    nothing_new_since: datetime | None


COLUMNS = tuple(syncs.c[name] for name in SyncRow.__struct_fields__)


def load(conn: sa.Connection, sync_id: str, *, to_change: bool = False) -> SyncRow | None:
    """The sync. With `to_change`, whoever else means to change it waits for this transaction.

    SQLite needs no such lock: it has one writer at a time.
    """
    query = sa.select(*COLUMNS).where(syncs.c.id == sync_id)
    row = conn.execute(query.with_for_update() if to_change else query).one_or_none()
    return None if row is None else as_sync(row)


def find_open(conn: sa.Connection, district_id: str) -> SyncRow | None:
    """The open sync of a district."""
    row = conn.execute(
        sa.select(*COLUMNS).where(syncs.c.district_id == district_id, syncs.c.finished_at.is_(None))
    ).one_or_none()
    return None if row is None else as_sync(row)


def find_last(conn: sa.Connection, district_id: str) -> SyncRow | None:
    """The newest sync of a district."""
    return _newest(conn, syncs.c.district_id == district_id)


def find_before(conn: sa.Connection, sync: SyncRow) -> SyncRow | None:
    """The sync of the same district that began before this one."""
    return _newest(
        conn,
        syncs.c.district_id == sync.district_id,
        syncs.c.id != sync.id,
        syncs.c.started_at <= sync.started_at,
    )


def _newest(conn: sa.Connection, *where: sa.ColumnElement[bool]) -> SyncRow | None:
    row = conn.execute(
        sa.select(*COLUMNS)
        .where(*where)
        .order_by(syncs.c.started_at.desc(), syncs.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else as_sync(row)


def as_sync(row: Sequence[Any]) -> SyncRow:
    """The last columns of a row, which are COLUMNS.

    Raises:
        NewerVersionError: the sync is in a state that only a newer version knows.
    """
    sync_id, district_id, state, *others = row[-len(COLUMNS) :]
    return SyncRow(sync_id, district_id, known(SyncState, state), *others)
