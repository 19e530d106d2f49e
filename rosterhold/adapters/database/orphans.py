"""Work whose process is known to be dead: nobody waits until its lease runs out."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import outbox

# A step that kills its process shall not do so many times in a second, nor take others with it.
FIRST_WAIT: Final = timedelta(seconds=0.5)


def free(tx: Transaction, work_id: int, epoch: int, *, deaths: int) -> bool:
    """Let a dead process's work be taken over: soon, and later the more often that happened.

    Args:
        tx: the transaction.
        work_id: the row.
        epoch: the dead process's; nothing is changed when somebody else has the work already.
        deaths: how often a process died with this work before.

    Returns:
        Whether it was still the dead process's.
    """
    wait = min(FIRST_WAIT * 2 ** min(deaths, 16), tx.lease)
    own = sa.update(outbox).where(outbox.c.id == work_id, outbox.c.epoch == epoch)
    values = {"leased_until": None, "sent_at": None, "due_at": tx.now + wait}
    return tx.conn.execute(own.values(values)).rowcount == 1
