"""A scheduled sync that would find nothing new: asked before Clever is read fully."""

from importlib.metadata import version

from rosterhold.adapters import layout
from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.clever.outcome import DistrictFacts
from rosterhold.adapters.clever.unchanged import unchanged_since
from rosterhold.adapters.database import districts, syncs
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.config.wiring import Services
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.unchanged import (
    BY_SCHEDULE,
    Applied,
    Wanted,
    may_be_unchanged,
    settings_digest,
)
from rosterhold.workers.events import TRIGGER as BY_EVENTS

RELEASE = version("rosterhold")


async def nothing_new(
    services: Services, client: CleverClient, district: DistrictRow, sync: SyncRow
) -> DistrictFacts | None:
    """What Clever says of the district, if a full fetch would end where the last one did."""
    read = _read_before(services, district, sync)
    if read is None:
        return None
    return await unchanged_since(client, services.store, read, district.clever_id)


def _read_before(services: Services, district: DistrictRow, sync: SyncRow) -> str | None:
    """The prefix of the fetch whose snapshot still stands; None where Clever has to be read."""
    if sync.trigger != BY_SCHEDULE or district.baseline_sync_id is None:
        return None
    with services.database.reading() as conn:
        previous = syncs.find_before(conn, sync)
        applied = syncs.load(conn, district.baseline_sync_id)
        policies = districts.policies_of(conn, district)
        accepted = districts.accepted_subjects(conn, district.id)
        now = services.database.now(conn)
    if previous is None or previous.state is not SyncState.COMPLETED:
        return None
    if applied is None or applied.snapshot_ref is None or applied.target_ref is None:
        return None
    is_enough = may_be_unchanged(
        Wanted(
            trigger=sync.trigger,
            fetch_no=sync.fetch_no,
            was_held=sync.held_since is not None,
            settings=settings_digest(policies, district.leave_out, accepted, RELEASE),
        ),
        Applied(
            began_at=applied.started_at,
            trigger=applied.trigger,
            settings=_judged_by(services.store, applied.target_ref),
            is_baseline=applied.target_ref == district.baseline_ref,
        ),
        now=now,
        full_read_days=services.settings.full_read_days,
        by_events=BY_EVENTS,
    )
    return layout.fetched_at(applied.snapshot_ref) if is_enough else None


def _judged_by(store: SnapshotStore, target_ref: str) -> str:
    """The digest of the settings that a target was made by; "" where an older release made it."""
    ref = layout.settings_ref(layout.evaluated_at(target_ref))
    try:
        return store.read_bytes(ref).decode() if store.exists(ref) else ""
    except SnapshotLostError:
        return ""
