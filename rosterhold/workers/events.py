"""Events: look whether Clever tells of anything new, and begin a sync if it does."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from rosterhold.adapters import layout
from rosterhold.adapters.clever.errors import CleverError
from rosterhold.adapters.clever.follow import Base, News, base_at, look
from rosterhold.adapters.database import claims, districts, following, syncs
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.transitions import begin as open_sync
from rosterhold.config.wiring import Services, clever_client
from rosterhold.statemachine.chart import SyncState
from rosterhold.workers.step import Follow

TRIGGER: Final = "events"
# When it is looked again while Clever is still writing.
SOON: Final = timedelta(minutes=2)

log = structlog.get_logger(__name__)


def events(services: Services, claim: Claim) -> Follow:
    """Look once: the sync that begins and the row of the next look are one transaction."""
    with services.database.reading() as conn:
        district = districts.find(conn, claim.district_id)
    if district is None or not district.events:
        with services.database.transaction() as tx:
            claims.settle(tx, claim)
        return ()
    news = _look(services, district)
    with services.database.transaction() as tx:
        if news.exist and news.settled and syncs.find_open(tx.conn, district.id) is None:
            cause = Cause("Clever has events", TRIGGER)
            open_sync(tx, district_id=district.id, trigger=TRIGGER, cause=cause)
        # At the end: what follows waits in the queue of its district, not in that of this errand.
        claims.settle(tx, claim)
        following.look_again(tx, district.id, following.EVERY if news.settled else SOON)
        return tuple(tx.work)


def base_of(services: Services, district: DistrictRow) -> Base | None:
    """The snapshot that events may follow; None where the next full sync has to come first."""
    if not district.events or district.baseline_sync_id is None:
        return None
    with services.database.reading() as conn:
        applied = syncs.load(conn, district.baseline_sync_id)
    if applied is None or applied.snapshot_ref is None:
        return None
    return base_at(services.store, layout.fetched_at(applied.snapshot_ref))


def _look(services: Services, district: DistrictRow) -> News:
    with services.database.reading() as conn:
        last = syncs.find_last(conn, district.id)
    # What is open, failed or was cancelled is for people, or for the next sync by schedule.
    if last is None or last.state is not SyncState.COMPLETED:
        return News(exist=False)
    base = base_of(services, district)
    if base is None:
        return News(exist=False)
    try:
        return asyncio.run(_ask(services, district.clever_id, base))
    except CleverError as error:
        log.info("events not asked for; tried again at the next turn", why=str(error))
        return News(exist=False)


async def _ask(services: Services, clever_id: str, base: Base) -> News:
    async with clever_client(services) as client:
        return await look(client, clever_id, base)
