"""Begin: a word from outside that a district has new data becomes a sync."""

from datetime import timedelta
from typing import Final

from rosterhold.adapters.database import claims, syncs
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.adapters.database.transitions import begin as open_sync
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.workers.step import Follow

WHO: Final = "webhook"
# A sync that runs may have read Clever before the news: another one follows it.
AFTER: Final = timedelta(seconds=20)


def begin(services: Services, claim: Claim) -> Follow:
    """Open a sync, let a held one read Clever again, or wait until the one that runs is over."""
    cause = Cause("Clever has new data", WHO)
    with services.database.transaction() as tx:
        sync = syncs.find_open(tx.conn, claim.district_id)
        if sync is not None and not sync.state.is_on_hold:
            claims.postpone(tx, claim, tx.now + AFTER)
            return ()
        if sync is None:
            open_sync(tx, district_id=claim.district_id, trigger=WHO, cause=cause)
        else:
            perform(tx, sync, SyncEvent.RESUME, cause)
        # At the end: what follows waits in the queue of its district, not in that of this errand.
        claims.settle(tx, claim)
        return tuple(tx.work)
