"""What there is at a moment, counted: for metrics and for the operations pages.

Seven queries, each over what is open or of the last day, however much history there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from rosterhold.adapters.database import processes
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tables import districts, holds, outbox, syncs

LAST_DAY: Final = timedelta(days=1)


class Standing(StrEnum):
    """How a piece of work stands: exactly one of these is true of a row of the outbox."""

    WAITING = "waiting"
    IN_WORK = "in_work"
    DELAYED = "delayed"
    RETRYING = "retrying"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Census:
    """Counts at a moment.

    Attributes:
        at: the moment, by the database.
        open_syncs: state → syncs that are not over.
        finished: state → syncs that ended in the last day.
        holds: reason → open holds.
        oldest_hold: when the oldest open hold was opened.
        work: queue and standing → pieces of work.
        due_since: queue → since when its oldest work is due that nobody is at.
        alive: role → processes.
    """

    at: datetime
    districts: int
    open_syncs: Mapping[str, int]
    finished: Mapping[str, int]
    holds: Mapping[str, int]
    oldest_hold: datetime | None
    work: Mapping[tuple[str, str], int]
    due_since: Mapping[str, datetime]
    alive: Mapping[str, int]


def standing(now: datetime) -> sa.ColumnElement[str]:
    """How each row of the outbox stands at a moment, as a column."""
    return sa.case(
        (outbox.c.given_up_at.is_not(None), Standing.GIVEN_UP.value),
        (outbox.c.leased_until >= now, Standing.IN_WORK.value),
        (outbox.c.failures > 0, Standing.RETRYING.value),
        (outbox.c.due_at > now, Standing.DELAYED.value),
        else_=Standing.WAITING.value,
    )


def take(database: Database) -> Census:
    """Count now."""
    with database.reading() as conn:
        now = database.now(conn)
        every = conn.execute(sa.select(sa.func.count()).select_from(districts)).scalar_one()
        held, oldest = _holds(conn)
        work, due_since = _work(conn, now)
        return Census(
            at=now,
            districts=every,
            open_syncs=_by_state(conn, syncs.c.finished_at.is_(None)),
            finished=_by_state(conn, syncs.c.finished_at > now - LAST_DAY),
            holds=held,
            oldest_hold=oldest,
            work=work,
            due_since=due_since,
            alive=processes.alive(conn, now),
        )


def _by_state(conn: sa.Connection, which: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = conn.execute(
        sa.select(syncs.c.state, sa.func.count().label("number"))
        .where(which)
        .group_by(syncs.c.state)
    )
    return {row.state: row.number for row in rows}


def _holds(conn: sa.Connection) -> tuple[dict[str, int], datetime | None]:
    rows = conn.execute(
        sa.select(
            holds.c.reason,
            sa.func.count().label("number"),
            sa.func.min(holds.c.opened_at).label("oldest"),
        )
        .where(holds.c.resolved_at.is_(None))
        .group_by(holds.c.reason)
    ).all()
    oldest = min((row.oldest for row in rows), default=None)
    return {row.reason: row.number for row in rows}, oldest


def _work(
    conn: sa.Connection, now: datetime
) -> tuple[dict[tuple[str, str], int], dict[str, datetime]]:
    stands = standing(now).label("standing")
    rows: list[Any] = list(
        conn.execute(
            sa.select(
                outbox.c.queue,
                stands,
                sa.func.count().label("number"),
                sa.func.min(outbox.c.due_at).label("due_since"),
            ).group_by(outbox.c.queue, stands)
        )
    )
    free = {Standing.WAITING, Standing.RETRYING}
    due: dict[str, datetime] = {}
    for row in rows:
        if row.standing in free and row.due_since <= now:
            due[row.queue] = min(due.get(row.queue, now), row.due_since)
    return {(row.queue, row.standing): row.number for row in rows}, due
