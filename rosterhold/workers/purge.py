"""Purge: deletes the files of old syncs, and blanks what is to be forgotten of removed records."""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters import layout
from rosterhold.adapters.database import districts, received, retention, slots, webhooks
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.manifests import read_manifest
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.config.wiring import Services
from rosterhold.roster.store import SnapshotLostError
from rosterhold.statemachine.retention import PastSync, last_purge_slot, may_go

# What the daily slots are called among those that were used.
SCHEDULE: Final = "purge"
LOOK_EVERY_S: Final = 60.0
# Storage that refused so many districts one after another is away: the rest waits for tomorrow.
GIVE_UP_AFTER: Final = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PurgedSync:
    """A sync whose files went, or would go."""

    sync_id: str
    district_id: str
    finished_at: datetime | None
    files: int


@dataclass(frozen=True, slots=True)
class NotPurged:
    """A district where purging failed; what it has is left for the next time."""

    district_id: str
    why: str


@dataclass(slots=True)
class Purge:
    """What a purge did, or would do.

    Attributes:
        forgotten: kind name → how many removed records lost their personal data.
    """

    purged: list[PurgedSync] = field(default_factory=list)
    failed: list[NotPurged] = field(default_factory=list)
    forgotten: Counter[str] = field(default_factory=Counter)


def run_purge(services: Services, stop: threading.Event) -> None:
    """Purge once a day until told to stop."""
    while not stop.is_set():
        try:
            purge_when_due(services, stop)
        except SQLAlchemyError as error:
            log.warning("the database is away; the purge waits", error=str(error))
        stop.wait(LOOK_EVERY_S)


def purge_when_due(
    services: Services, stop: threading.Event | None = None, now: datetime | None = None
) -> Purge | None:
    """Purge if today's was not done yet, by anybody; None when it was."""
    now = now or _now(services)
    if not slots.use(services.database, SCHEDULE, last_purge_slot(now)):
        return None
    return purge(services, now=now, stop=stop)


def purge(
    services: Services,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
    stop: threading.Event | None = None,
) -> Purge:
    """Go through all districts; what fails in one does not keep the others from it.

    Args:
        services: the settings among them say how long what is kept.
        now: the time; that of the database without it.
        dry_run: only say what would go.
        stop: when set, the rest is left for the next time.
    """
    now = now or _now(services)
    done = Purge()
    with services.database.reading() as conn:
        every = districts.every(conn)
    if not dry_run:
        _forget_webhooks(services, now)
    in_a_row = 0
    for district in every:
        if in_a_row >= GIVE_UP_AFTER or (stop is not None and stop.is_set()):
            break
        try:
            _purge_files(services, district, done, now, dry_run=dry_run)
            in_a_row = 0
        except (SnapshotStoreError, SnapshotLostError, msgspec.MsgspecError) as error:
            in_a_row += isinstance(error, SnapshotStoreError)
            done.failed.append(NotPurged(district.id, str(error)))
            log.warning("not purged", district=district.id, error=str(error))
        _forget(services, district, done, now, dry_run=dry_run)
    return done


def _forget_webhooks(services: Services, now: datetime) -> None:
    with services.database.transaction() as tx:
        received.forget_old(tx)
        webhooks.forget_before(tx, now - timedelta(days=services.settings.retention_days))


def _now(services: Services) -> datetime:
    with services.database.reading() as conn:
        return services.database.now(conn)


def _purge_files(
    services: Services, district: DistrictRow, done: Purge, now: datetime, *, dry_run: bool
) -> None:
    for sync in _old_syncs(services, district.id, now):
        prefix = layout.sync_prefix(district.id, sync.id)
        files = len(services.store.list(prefix))
        if not dry_run:
            services.store.delete_tree(prefix)
            # Noted after: what a killed purge did not note is deleted again the next time.
            retention.note_purged(services.database, district.id, sync.id)
            log.info("files purged", district=district.id, sync=sync.id, files=files)
        done.purged.append(PurgedSync(sync.id, district.id, sync.finished_at, files))


def _old_syncs(services: Services, district_id: str, now: datetime) -> list[PastSync]:
    """What may go of a district.

    A sync that is finished never opens again and never becomes the baseline again, so the answer
    stays right while the files are deleted, whatever happens meanwhile.
    """
    with services.database.reading() as conn:
        # Read anew, and before its syncs: the list of districts may be an hour old.
        district = districts.find(conn, district_id)
        syncs = retention.with_files(conn, district_id)
    if district is None:
        return []
    days = services.settings.retention_days
    own = [district.baseline_sync_id] if district.baseline_sync_id else []
    if not may_go(syncs, needed=own, now=now, days=days):
        return []
    return may_go(syncs, needed=_needed(services, district), now=now, days=days)


def _needed(services: Services, district: DistrictRow) -> Collection[str]:
    """The syncs in whose files the baseline of a district lies.

    Raises:
        SnapshotLostError: the baseline's manifest is gone; nobody knows what it named.
    """
    manifest = read_manifest(services.store, district.baseline_ref)
    if manifest is None or district.baseline_ref is None:
        return set()
    refs = [district.baseline_ref, *manifest.files.values(), manifest.invalid]
    own = {district.baseline_sync_id} if district.baseline_sync_id else set()
    return own | {layout.sync_of(ref) for ref in refs if ref}


def _forget(
    services: Services, district: DistrictRow, done: Purge, now: datetime, *, dry_run: bool
) -> None:
    days = services.settings.forget_removed_days
    if days is None:
        return
    if dry_run:
        with services.database.reading() as conn:
            done.forgotten.update(retention.count_forgettable(conn, district.id, now, days))
        return
    with services.database.transaction() as tx:
        forgotten = retention.forget(tx, district.id, now, days)
    done.forgotten.update(forgotten)
    if any(forgotten.values()):
        log.info("forgotten", district=district.id, records=sum(forgotten.values()))
