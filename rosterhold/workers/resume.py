"""Resume: a held sync reads Clever again, under a new fetch number."""

from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause, perform_alone
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.workers.step import Follow


def resume(services: Services, claim: Claim, sync: SyncRow) -> Follow:
    return perform_alone(
        services.database,
        sync,
        SyncEvent.PROCEED,
        Cause("Clever is read again"),
        {"fetch_no": sync.fetch_no + 1},
        settles=claim,
    )
