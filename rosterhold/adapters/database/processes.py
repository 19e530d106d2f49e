"""Which worker processes are alive."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tables import processes

# A beat is written at most this often.
BEAT_EVERY: Final = timedelta(seconds=3)
FORGOTTEN_AFTER: Final = timedelta(days=1)
# Several beats missed, and a process is taken for gone: a worker, and another one, such as a
# scheduler, which beats between its ticks only.
WORKER_SILENT_AFTER: Final = timedelta(seconds=30)
SILENT_AFTER: Final = timedelta(seconds=60)

# What processes are called that work, and those that start what is due.
WORK: Final = frozenset({"worker", "up", "demo"})
SCHEDULE: Final = frozenset({"scheduler"})
# For how long it is told that a process died, and of how many.
DEAD_FOR: Final = timedelta(hours=1)
MOST_DEAD: Final = 100


@dataclass(frozen=True, slots=True)
class Dead:
    """A process that is gone and took no leave."""

    role: str
    place: str | None
    seen_at: datetime


def beat(database: Database, process_id: str | None, role: str) -> str:
    """Say that a process lives; the first time (no id yet) it is given one."""
    if process_id is not None:
        with database.reading() as conn:
            seen_at = conn.execute(
                sa.select(processes.c.seen_at).where(processes.c.id == process_id)
            ).scalar_one_or_none()
            if seen_at is not None and database.now(conn) - seen_at < BEAT_EVERY:
                return process_id
    with database.transaction() as tx:
        if process_id is None:
            tx.conn.execute(
                sa.delete(processes).where(processes.c.seen_at < tx.now - FORGOTTEN_AFTER)
            )
            process_id = str(ULID.from_datetime(tx.now))
            values = {
                "id": process_id,
                "role": role,
                "started_at": tx.now,
                "seen_at": tx.now,
                "place": f"{socket.gethostname()}, {os.getpid()}",
            }
            tx.conn.execute(sa.insert(processes).values(values))
        else:
            own = processes.c.id == process_id
            tx.conn.execute(sa.update(processes).where(own).values(seen_at=tx.now))
    return process_id


def leave(database: Database, process_id: str) -> None:
    with database.transaction() as tx:
        tx.conn.execute(sa.delete(processes).where(processes.c.id == process_id))


def is_alive(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a process lives, as far as is known at a moment."""
    kind = processes.c.seen_at.type
    since = sa.case(
        (processes.c.role.in_(WORK), sa.literal(now - WORKER_SILENT_AFTER, kind)),
        else_=sa.literal(now - SILENT_AFTER, kind),
    )
    return processes.c.seen_at > since


def any_seen_since(conn: sa.Connection, since: datetime) -> bool:
    """Whether a process that does work was seen since then."""
    found = conn.execute(
        sa.select(processes.c.id)
        .where(processes.c.seen_at > since, processes.c.role.in_(WORK))
        .limit(1)
    )
    return found.first() is not None


def alive(conn: sa.Connection, now: datetime) -> dict[str, int]:
    """How many processes of each role live."""
    rows = conn.execute(
        sa.select(processes.c.role, sa.func.count().label("number"))
        .where(is_alive(now))
        .group_by(processes.c.role)
    )
    return {row.role: row.number for row in rows}


def died(conn: sa.Connection, now: datetime) -> list[Dead]:
    """The processes that died in the last hour, the last one first."""
    rows = conn.execute(
        sa.select(processes.c.role, processes.c.place, processes.c.seen_at)
        .where(sa.not_(is_alive(now)), processes.c.seen_at > now - DEAD_FOR)
        .order_by(processes.c.seen_at.desc())
        .limit(MOST_DEAD)
    )
    return [Dead(*row) for row in rows]
