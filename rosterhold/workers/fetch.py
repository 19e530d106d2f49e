"""Fetch: read all of a district from Clever into a snapshot, or hold the sync as disconnected."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog

from rosterhold.adapters import layout
from rosterhold.adapters.clever import parts
from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.clever.fetch import fetch_snapshot
from rosterhold.adapters.clever.follow import Base, Doubt, fetch_by_events
from rosterhold.adapters.clever.outcome import CannotConnect, DistrictFacts, Fetched
from rosterhold.adapters.clever.structs import moment
from rosterhold.adapters.database import claims, districts, holds, notices, schedules, webhooks
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.holds import HoldIntent
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import progress
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.adapters.manifests import read_manifest
from rosterhold.adapters.metrics import RECORDS_FETCHED
from rosterhold.config.wiring import Services, clever_client
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.connection import CHECK_AGAIN_AFTER, PASSES, disconnected
from rosterhold.statemachine.findings import digest
from rosterhold.statemachine.reasons import Reason
from rosterhold.workers.events import TRIGGER, base_of
from rosterhold.workers.step import Follow, district_of
from rosterhold.workers.unchanged import nothing_new


@dataclass(frozen=True, slots=True)
class Read:
    """A snapshot, and how it was read, for the history."""

    fetched: Fetched
    how: str


@dataclass(frozen=True, slots=True)
class NothingNew:
    """Clever has what was applied last: what it says of the district, and since when it has."""

    district: DistrictFacts
    since: datetime


Outcome = Read | NothingNew | CannotConnect

CLEVER_HAS_NOTHING_NEW: Final = "Clever has nothing new"
READ_FULLY: Final = "Clever was read to the end"

log = structlog.get_logger(__name__)


def fetch(services: Services, claim: Claim, sync: SyncRow) -> Follow:
    """Do one fetch; it goes on from the last page of a worker that died."""
    district = district_of(services.database, sync)
    prefix = _prefix(sync, claim.epoch)
    for epoch in range(claim.epoch - 1, 0, -1):
        if parts.adopt(services.store, _prefix(sync, epoch), prefix):
            break
    outcome = asyncio.run(_read_clever(services, district, sync, prefix))
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        match outcome:
            case Read(fetched, how):
                _keep(tx, sync, fetched, prefix, how)
            case NothingNew(facts, since):
                _end(tx, sync, facts, since)
            case CannotConnect():
                _hold(tx, sync, outcome)
        return tuple(tx.work)


def _prefix(sync: SyncRow, epoch: int) -> str:
    """Every claim writes below a prefix of its own.

    A frozen worker that lost its claim, and goes on as if nothing were, can touch nothing of
    whoever took the work over.
    """
    return f"{layout.fetch_prefix(sync.district_id, sync.id, sync.fetch_no)}/{epoch}"


async def _read_clever(
    services: Services, district: DistrictRow, sync: SyncRow, prefix: str
) -> Outcome:
    """Read by events where that will do, not at all where nothing can be new, else fully."""
    how = READ_FULLY
    async with clever_client(services) as client:
        facts = await nothing_new(services, client, district, sync)
        since = moment(facts.last_sync) if facts is not None else None
        if facts is not None and since is not None:
            return NothingNew(facts, since)
        base = _base(services, district, sync)
        if base is not None:
            found = await fetch_by_events(client, services.store, prefix, district.clever_id, base)
            if not isinstance(found, Doubt):
                return Read(found, "the events since the last sync were read")
            how = f"{READ_FULLY}, not by events: {found.why}"
            log.info("read fully", why=found.why)
        outcome = await _read_fully(services, client, district, sync, prefix)
    return Read(outcome, how) if isinstance(outcome, Fetched) else outcome


def _base(services: Services, district: DistrictRow, sync: SyncRow) -> Base | None:
    """What events may follow; whatever was on hold or is asked for by people is read fully."""
    if sync.trigger != TRIGGER or sync.fetch_no > 1:
        return None
    return base_of(services, district)


async def _read_fully(
    services: Services, client: CleverClient, district: DistrictRow, sync: SyncRow, prefix: str
) -> Fetched | CannotConnect:
    baseline = read_manifest(services.store, district.baseline_ref)

    seen: dict[str, int] = {}

    def on_page(kind: str, records: int) -> None:
        # A list that is read again, or went on from an earlier call, begins anew.
        new = records - seen.get(kind, 0)
        seen[kind] = records
        services.meter.count(RECORDS_FETCHED, kind, by=new if new > 0 else records)
        with services.database.transaction() as tx:
            _show_progress(tx, sync.id, kind, records)

    return await fetch_snapshot(
        client,
        services.store,
        prefix,
        district.clever_id,
        had=baseline.counts if baseline else {},
        on_page=on_page,
        followed=district.events,
    )


def _show_progress(tx: Transaction, sync_id: str, kind: str, records: int) -> None:
    own = sa.and_(progress.c.sync_id == sync_id, progress.c.kind == kind)
    known = tx.conn.execute(sa.update(progress).where(own).values(records=records))
    if known.rowcount == 0:
        tx.conn.execute(sa.insert(progress).values(sync_id=sync_id, kind=kind, records=records))


def _keep(tx: Transaction, sync: SyncRow, fetched: Fetched, prefix: str, how: str) -> None:
    _note(tx, sync, fetched.district)
    closed = holds.resolve(tx, sync.id, [Reason.DISCONNECTED], "connected again")
    webhooks.announce_released(tx, sync.district_id, sync.id, closed)
    changes = {
        "snapshot_ref": layout.manifest_ref(prefix),
        "set_aside": {
            f"unreadable {kind}": count for kind, count in fetched.manifest.invalid_counts.items()
        },
    }
    perform(tx, sync, SyncEvent.FETCHED, Cause(how), changes)


def _end(tx: Transaction, sync: SyncRow, facts: DistrictFacts, since: datetime) -> None:
    """The sync is complete: the roster is what it would come to."""
    _note(tx, sync, facts)
    cause = Cause(CLEVER_HAS_NOTHING_NEW)
    perform(tx, sync, SyncEvent.NOTHING_NEW, cause, {"nothing_new_since": since})
    webhooks.announce_completed(tx, sync.district_id, sync.id)


def _note(tx: Transaction, sync: SyncRow, facts: DistrictFacts) -> None:
    """Keep what Clever said of the district itself."""
    districts.update(
        tx,
        sync.district_id,
        {
            "clever_state": facts.state,
            "clever_error": facts.error,
            "clever_last_sync": moment(facts.last_sync),
            "clever_pause_start": facts.pause_start if moment(facts.pause_start) else None,
            "clever_pause_end": facts.pause_end if moment(facts.pause_end) else None,
        },
    )


def _hold(tx: Transaction, sync: SyncRow, refusal: CannotConnect) -> None:
    if refusal.district is not None:
        _note(tx, sync, refusal.district)
    finding = disconnected(refusal.code, refusal.sentence)
    evaluation_no = sync.evaluation_no + 1
    holds.write_findings(tx, sync, evaluation_no, [finding])
    intent = HoldIntent(
        Reason.DISCONNECTED, digest([finding]), evaluation_no, refusal.sentence, records=0
    )
    hold_id, is_new = holds.put(tx, sync, intent)
    notices.hold_found(tx, sync, hold_id, Reason.DISCONNECTED, new=is_new)
    if is_new:
        webhooks.announce_held(tx, sync.district_id, sync.id, [intent])
    if refusal.code in PASSES:
        schedules.hasten(tx, sync.district_id, CHECK_AGAIN_AFTER)
    changes = {"evaluation_no": evaluation_no}
    perform(tx, sync, SyncEvent.HOLD, Cause(refusal.code), changes)
