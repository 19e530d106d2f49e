"""Slots of what is done once for the whole installation, however many schedulers run."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tables import fired


def use(database: Database, schedule: str, slot: datetime) -> bool:
    """Take a slot of a schedule; of any number of schedulers one gets it."""
    own = fired.c.schedule == schedule
    with database.reading() as conn:
        newest = conn.execute(sa.select(sa.func.max(fired.c.due_at)).where(own)).scalar_one()
    if newest is not None and newest >= slot:
        return False
    try:
        with database.transaction() as tx:
            tx.conn.execute(sa.delete(fired).where(own, fired.c.due_at < slot))
            tx.conn.execute(sa.insert(fired).values(schedule=schedule, due_at=slot))
    except IntegrityError:
        return False
    return True
