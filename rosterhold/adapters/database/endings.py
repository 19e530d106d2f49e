"""What becomes of work that is not tried again."""

from rosterhold.adapters.database import claims, webhooks
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.syncs import load
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.statemachine.announcements import Announcement
from rosterhold.statemachine.chart import SYNC_STEPS, SyncEvent, Work


def end(tx: Transaction, claim: Claim, cause: Cause) -> None:
    """A step's sync fails, an event is kept as not delivered; other work is left, given up.

    Raises:
        ClaimLostError: somebody else has the work.
        StaleSyncError: the sync went on meanwhile.
    """
    if claim.work is Work.WEBHOOK:
        claims.settle(tx, claim)
        webhooks.not_delivered(tx, claim.subject, cause.why)
        return
    sync = load(tx.conn, claim.sync_id or "")
    if sync is None or claim.work not in SYNC_STEPS or sync.state.is_final:
        claims.give_up(tx, claim, error=cause.why)
        return
    claims.settle(tx, claim)
    perform(tx, sync, SyncEvent.FAIL, cause, {"failure": cause.why})
    webhooks.announce(
        tx,
        Announcement.SYNC_FAILED,
        district_id=sync.district_id,
        sync_id=sync.id,
        failure=cause.why,
    )
