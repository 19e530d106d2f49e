"""Remind: write the mails that remind of a hold, and when to remind of it next."""

from rosterhold.adapters.database import claims, notices
from rosterhold.adapters.database.claims import Claim
from rosterhold.config.wiring import Services
from rosterhold.workers.step import Follow


def remind(services: Services, claim: Claim) -> Follow:
    """Remind once: the mails and the row of the next reminder are one transaction."""
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        notices.remind(tx, claim.sync_id or "", claim.subject)
        return tuple(tx.work)
