"""Resume: a held sync reads Clever again, under a new fetch number."""

from rosterhold.adapters.database import claims
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.transitions import Cause, SyncRow, perform
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.workers.step import Follow


def resume(services: Services, claim: Claim, sync: SyncRow) -> Follow:
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        changes = {"fetch_no": sync.fetch_no + 1}
        perform(tx, sync, SyncEvent.PROCEED, Cause("Clever is read again"), changes)
        return tuple(tx.work)
