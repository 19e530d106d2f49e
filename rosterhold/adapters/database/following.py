"""Districts that are followed by events: one row of work each, which writes itself anew."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database import districts, outbox
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.statemachine.chart import Work

EVERY: Final = timedelta(minutes=15)


def switch(tx: Transaction, district_id: str, *, on: bool) -> None:
    """Follow a district by events from now on, or no longer.

    The first full sync from then on says after which event they begin.
    """
    districts.update(tx, district_id, {"events": on})
    tx.conn.execute(
        sa.delete(outbox_table).where(
            outbox_table.c.district_id == district_id, outbox_table.c.work == Work.EVENTS.value
        )
    )
    if on:
        look_again(tx, district_id, EVERY)


def look_again(tx: Transaction, district_id: str, after: timedelta) -> None:
    outbox.add(tx, Work.EVENTS, district_id=district_id, sync_id=None, due_at=tx.now + after)
