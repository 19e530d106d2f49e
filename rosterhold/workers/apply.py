"""Apply: bring the roster tables to what was evaluated, in the transaction of the transition."""

from rosterhold.adapters import destination, layout
from rosterhold.adapters.database import claims, districts, notices, webhooks
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.config.wiring import Services
from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.workers.step import Follow


def apply(services: Services, claim: Claim, sync: SyncRow) -> Follow:
    """Apply once: the roster, the new baseline and `completed` are one transaction."""
    prefix = layout.evaluation_prefix(sync.district_id, sync.id, sync.evaluation_no)
    changes = {name: services.store.scan([layout.changes_ref(prefix, name)]) for name in KINDS}
    accepted = set(services.store.scan([layout.accepted_ref(prefix)]).collect().iter_rows())
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        destination.apply_changes(
            tx, district_id=sync.district_id, sync_id=sync.id, changes=changes
        )
        districts.update(
            tx,
            sync.district_id,
            {"baseline_ref": sync.target_ref, "baseline_sync_id": sync.id},
        )
        districts.carry_acceptances(tx, sync.district_id, accepted)
        perform(tx, sync, SyncEvent.APPLIED, Cause("the roster is what was reviewed"))
        notices.sync_ended(tx, sync)
        webhooks.announce_completed(tx, sync.district_id, sync.id)
        return tuple(tx.work)
