"""Schedules: a row a district, which knows when it is due next.

Finding what is due costs one query on an index, however many districts there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.schedule_tables import schedules
from rosterhold.adapters.database.tables import districts, fired
from rosterhold.adapters.database.types import UtcDateTime
from rosterhold.statemachine.schedule import (
    Schedule,
    blackouts,
    checked_cron,
    fire,
    next_due,
    nightly,
)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule as it was read."""

    district_id: str
    district_name: str
    time_zone: str
    cron: str
    blackouts: list[str]
    next_due_at: datetime

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.cron, self.time_zone, blackouts(self.blackouts))

    @property
    def is_default(self) -> bool:
        return self.cron == nightly(self.district_id)


_COLUMNS = (
    schedules.c.district_id,
    districts.c.name.label("district_name"),
    districts.c.time_zone,
    schedules.c.cron,
    schedules.c.blackouts,
    schedules.c.next_due_at,
)
_ORDER = (schedules.c.next_due_at, schedules.c.district_id)


def _query() -> sa.Select[Any]:
    own = districts.c.id == schedules.c.district_id
    return sa.select(*_COLUMNS).select_from(schedules.join(districts, own))


def _as_row(row: sa.Row[Any]) -> ScheduleRow:
    return ScheduleRow(*row[: len(_COLUMNS)])


def get(conn: sa.Connection, district_id: str) -> ScheduleRow | None:
    """The schedule of a district; None for one that an older release has just added."""
    row = conn.execute(_query().where(schedules.c.district_id == district_id)).one_or_none()
    return None if row is None else _as_row(row)


def upcoming(
    conn: sa.Connection,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[ScheduleRow]:
    """At most `limit` schedules, those that are due next first.

    A page goes on `after` the `next_due_at` and `district_id` of the last one that is known.
    """
    query = _query().order_by(*_ORDER).limit(limit)
    return [_as_row(row) for row in conn.execute(_beyond(query, after))]


def _beyond(query: sa.Select[Any], after: tuple[datetime, str] | None) -> sa.Select[Any]:
    if after is None:
        return query
    moment, district_id = after
    return query.where(
        sa.or_(
            schedules.c.next_due_at > moment,
            sa.and_(schedules.c.next_due_at == moment, schedules.c.district_id > district_id),
        )
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that has come: its row, and the database's time at which it was seen."""

    row: ScheduleRow
    now: datetime


def due(
    conn: sa.Connection,
    moment: Any,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[Due]:
    """At most `limit` slots that have come, the oldest first, in one query.

    The `moment` is a time or the database's expression for it; `after` is as in `upcoming`.
    """
    now = sa.literal(moment, UtcDateTime()) if isinstance(moment, datetime) else moment
    query = _query().add_columns(sa.type_coerce(now, UtcDateTime()).label("now"))
    query = query.where(schedules.c.next_due_at <= now).order_by(*_ORDER).limit(limit)
    return [Due(_as_row(row), row.now) for row in conn.execute(_beyond(query, after))]


def use(tx: Transaction, slot: Due) -> bool:
    """Use a slot, in the transaction that starts what it is for, and set the next one.

    Returns:
        Whether a sync is to start: not when somebody else has used the slot or is just at it, nor
        when the district rests today.
    """
    firing = fire(slot.row.schedule, slot.now)
    mine = sa.and_(
        schedules.c.district_id == slot.row.district_id,
        schedules.c.next_due_at == slot.row.next_due_at,
    )
    if not tx.is_sqlite:
        # Whoever is at it goes on; nobody waits for him.
        free = sa.select(schedules.c.district_id).where(mine).with_for_update(skip_locked=True)
        mine = schedules.c.district_id.in_(free)
    moved = tx.conn.execute(sa.update(schedules).where(mine).values(next_due_at=firing.next_due))
    if moved.rowcount != 1:
        return False
    return firing.starts and _note_fired(tx, slot.row)


def hasten(tx: Transaction, district_id: str, within: timedelta) -> None:
    """Let a district be due within some time, if its next slot comes later."""
    at = tx.now + within
    own = sa.and_(schedules.c.district_id == district_id, schedules.c.next_due_at > at)
    tx.conn.execute(sa.update(schedules).where(own).values(next_due_at=at))


def _note_fired(tx: Transaction, row: ScheduleRow) -> bool:
    """Insert the slot, or nothing if it is there: also by a release that knew no schedules."""
    name = f"nightly:{row.district_id}"
    dialect = sqlite if tx.is_sqlite else postgresql
    insert = dialect.insert(fired).values(schedule=name, due_at=row.next_due_at)
    noted = tx.conn.execute(insert.on_conflict_do_nothing().returning(fired.c.due_at)).first()
    tx.conn.execute(
        sa.delete(fired).where(fired.c.schedule == name, fired.c.due_at < row.next_due_at)
    )
    return noted is not None


def add(tx: Transaction, district_id: str, time_zone: str) -> None:
    """Give a new district its minute of the night."""
    _insert(tx, [(district_id, time_zone)])


def _insert(tx: Transaction, new: Iterable[tuple[str, str]]) -> None:
    rows = [
        {
            "district_id": district_id,
            "cron": nightly(district_id),
            "blackouts": [],
            "next_due_at": next_due(Schedule(nightly(district_id), time_zone), tx.now),
        }
        for district_id, time_zone in new
    ]
    if rows:
        dialect = sqlite if tx.is_sqlite else postgresql
        tx.conn.execute(dialect.insert(schedules).on_conflict_do_nothing(), rows)


def complete(database: Database) -> int:
    """Give a schedule to the districts that have none: an older release added them.

    Returns:
        How many there were.
    """
    query = (
        sa.select(districts.c.id, districts.c.time_zone)
        .outerjoin(schedules, schedules.c.district_id == districts.c.id)
        .where(schedules.c.district_id.is_(None))
    )
    with database.reading() as conn:
        without = [(row.id, row.time_zone) for row in conn.execute(query)]
    if without:
        with database.transaction() as tx:
            _insert(tx, without)
    return len(without)


def put(
    tx: Transaction,
    district_id: str,
    *,
    cron: str | None = None,
    ranges: Iterable[str] | None = None,
) -> ScheduleRow:
    """Change a schedule, and when it is due next.

    A slot that has come already and waits for the scheduler stays due.

    Args:
        tx: the transaction that it is part of.
        district_id: whose.
        cron: the new expression; "" for the district's own minute of the night; None to keep it.
        ranges: the new blackouts, instead of all; None to keep them.

    Raises:
        ScheduleError: it cannot be kept so; nothing was changed.
        LookupError: there is no such district.
    """
    before = _to_change(tx, district_id)
    kept = before.cron if cron is None else cron or nightly(district_id)
    texts = before.blackouts if ranges is None else [str(each) for each in blackouts(ranges)]
    return _write(tx, before, checked_cron(kept), texts)


def retime(tx: Transaction, district_id: str) -> None:
    """Follow a change of the district's time zone.

    Raises:
        LookupError: there is no such district.
    """
    before = _to_change(tx, district_id)
    _write(tx, before, before.cron, before.blackouts)


def _to_change(tx: Transaction, district_id: str) -> ScheduleRow:
    """Lock the row; a district that an older release has just added is given one."""
    query = _query().where(schedules.c.district_id == district_id).with_for_update(of=schedules)
    row = tx.conn.execute(query).one_or_none()
    if row is None:
        zone = sa.select(districts.c.time_zone).where(districts.c.id == district_id)
        known = tx.conn.execute(zone).scalar_one_or_none()
        if known is None:
            raise LookupError(f"there is no district {district_id}")
        add(tx, district_id, known)
        row = tx.conn.execute(query).one()
    return _as_row(row)


def _write(tx: Transaction, before: ScheduleRow, cron: str, ranges: list[str]) -> ScheduleRow:
    schedule = Schedule(cron, before.time_zone, blackouts(ranges))
    comes = next_due(schedule, tx.now)
    following = before.next_due_at if before.next_due_at <= tx.now else comes
    tx.conn.execute(
        sa.update(schedules)
        .where(schedules.c.district_id == before.district_id)
        .values(cron=cron, blackouts=ranges, next_due_at=following)
    )
    return ScheduleRow(
        before.district_id, before.district_name, before.time_zone, cron, ranges, following
    )
