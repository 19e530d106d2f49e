"""What the database knows of old student data: whose files are there still, and forgetting."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.adapters.database.tables import purges, syncs
from rosterhold.roster.personal import PERSONAL
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.retention import PastSync


def with_files(conn: sa.Connection, district_id: str) -> list[PastSync]:
    """The syncs of a district whose files were not deleted."""
    rows = conn.execute(
        sa.select(syncs.c.id, syncs.c.state, syncs.c.finished_at, syncs.c.nothing_new_since)
        .outerjoin(purges, purges.c.sync_id == syncs.c.id)
        .where(syncs.c.district_id == district_id, purges.c.sync_id.is_(None))
    )
    return [
        PastSync(
            row.id,
            row.finished_at,
            applied=row.state == SyncState.COMPLETED and row.nothing_new_since is None,
        )
        for row in rows
    ]


def note_purged(database: Database, district_id: str, sync_id: str) -> None:
    """Note that the files of a sync are gone, so that nobody looks for them again."""
    try:
        with database.transaction() as tx:
            tx.conn.execute(
                sa.insert(purges).values(sync_id=sync_id, district_id=district_id, at=tx.now)
            )
    except IntegrityError:
        # Another purge at the same time deleted them too.
        return


def _forgettable(kind: str, district_id: str, until: datetime) -> sa.ColumnElement[bool]:
    roster = ROSTER[kind]
    return sa.and_(
        roster.c.district_id == district_id,
        ~roster.c.active,
        roster.c.removed_at <= until,
        sa.or_(*(roster.c[column] != "" for column in PERSONAL[kind])),
    )


def count_forgettable(
    conn: sa.Connection, district_id: str, now: datetime, days: int
) -> dict[str, int]:
    """Kind name → how many records `forget` would blank."""
    until = now - timedelta(days=days)
    return {
        kind: conn.execute(
            sa.select(sa.func.count())
            .select_from(ROSTER[kind])
            .where(_forgettable(kind, district_id, until))
        ).scalar_one()
        for kind in PERSONAL
    }


def forget(tx: Transaction, district_id: str, now: datetime, days: int) -> dict[str, int]:
    """Blank the personal columns of records that were removed `days` ago or more.

    The rows stay under their ids; one that comes back is written whole again.

    Returns:
        Kind name → how many records were blanked.
    """
    until = now - timedelta(days=days)
    return {
        kind: tx.conn.execute(
            sa.update(ROSTER[kind])
            .where(_forgettable(kind, district_id, until))
            .values({**dict.fromkeys(columns, ""), "changed_at": tx.now})
        ).rowcount
        for kind, columns in PERSONAL.items()
    }
