"""How long the oldest due work waited, hour by hour: what the last day looked like."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.operation_tables import waits
from rosterhold.adapters.database.outbox import is_free
from rosterhold.adapters.database.tables import outbox

# How often a process notes it. Any number may: of an hour, the longest is kept.
NOTE_EVERY_S: Final = 60.0
KEPT_HOURS: Final = 48


def note(database: Database) -> None:
    """Note how long the oldest work of each queue has been due that nobody is at."""
    with database.transaction() as tx:
        now = tx.now
        hour = hour_of(now)
        rows = tx.conn.execute(
            sa.select(outbox.c.queue, sa.func.min(outbox.c.due_at).label("due_since"))
            .where(outbox.c.due_at <= now, outbox.c.given_up_at.is_(None), is_free(now))
            .group_by(outbox.c.queue)
            # In one order everywhere, so that two processes do not wait for each other's rows.
            .order_by(outbox.c.queue)
        )
        found = [
            {
                "hour": hour,
                "queue": row.queue,
                "seconds": int((now - row.due_since).total_seconds()),
            }
            for row in rows
        ]
        if not found:
            return
        tx.conn.execute(sa.delete(waits).where(waits.c.hour < hour - KEPT_HOURS))
        insert: Any = (sqlite if database.is_sqlite else postgresql).insert(waits).values(found)
        longer = sa.case(
            (waits.c.seconds < insert.excluded.seconds, insert.excluded.seconds),
            else_=waits.c.seconds,
        )
        tx.conn.execute(
            insert.on_conflict_do_update(
                index_elements=[waits.c.hour, waits.c.queue], set_={"seconds": longer}
            )
        )


def by_hour(conn: sa.Connection, now: datetime) -> dict[tuple[int, str], int]:
    """Hours since 1970 and queue → the longest wait then, in seconds; of the last day."""
    rows = conn.execute(sa.select(waits).where(waits.c.hour > hour_of(now) - 24))
    return {(row.hour, row.queue): row.seconds for row in rows}


def hour_of(now: datetime) -> int:
    """Hours since 1970."""
    return int(now.timestamp()) // 3600
