"""Evaluate: judge a snapshot against the baseline, then clear the way or hold the sync."""

from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database import answers, claims, districts, holds, notices, webhooks
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.holds import HoldIntent
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.adapters.manifests import frames_of, invalid_of, read_manifest, write_manifest
from rosterhold.config.wiring import Services
from rosterhold.roster.report import removed_records
from rosterhold.roster.snapshot import Frames, Manifest
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.approvals import approved_by
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.evaluation import Evaluation
from rosterhold.statemachine.evaluation import evaluate as judge
from rosterhold.statemachine.findings import SUBJECT_SCHEMA, digest, named_by, subjects_of
from rosterhold.statemachine.reasons import MOST_SEVERE_FIRST, Reason
from rosterhold.statemachine.unchanged import settings_digest
from rosterhold.workers.step import Follow, district_of
from rosterhold.workers.unchanged import RELEASE

DATA_REASONS = (Reason.DATA_CONFIGURATION, Reason.DATA_REMOVALS)


def evaluate(services: Services, claim: Claim, sync: SyncRow) -> Follow:
    """Judge once.

    The evaluation's number is never used twice: a frozen worker that lost its claim, and goes on as
    if nothing were, writes over no file of whoever took the work over.
    """
    district = district_of(services.database, sync)
    snapshot = read_manifest(services.store, sync.snapshot_ref)
    if snapshot is None:
        raise SnapshotLostError(f"{sync.id}: no snapshot")
    baseline = frames_of(services.store, read_manifest(services.store, district.baseline_ref))
    verdict, judged_by = _judge(services, district, sync, baseline, snapshot)
    evaluation_no = sync.evaluation_no + claim.epoch
    prefix = layout.evaluation_prefix(district.id, sync.id, evaluation_no)
    _write_files(services.store, prefix, verdict, baseline, snapshot)
    services.store.write_bytes(layout.settings_ref(prefix), judged_by.encode())
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        holds.write_findings(tx, sync, evaluation_no, verdict.findings)
        _write_holds(tx, sync, evaluation_no, verdict)
        event = SyncEvent.HOLD if verdict.findings else SyncEvent.CLEAR
        changes = {
            "evaluation_no": evaluation_no,
            "target_ref": layout.target_ref(prefix),
            "counts": {name: asdict(counts) for name, counts in verdict.changes.counts.items()},
            "set_aside": {**sync.set_aside, **_left_out(verdict)},
            "receipt": asdict(verdict.approval),
        }
        perform(tx, sync, event, Cause(_why(verdict)), changes)
        return tuple(tx.work)


def _judge(
    services: Services,
    district: DistrictRow,
    sync: SyncRow,
    baseline: Frames,
    snapshot: Manifest,
) -> tuple[Evaluation, str]:
    """The verdict, and the digest of the settings that it was made by."""
    with services.database.reading() as conn:
        policies = districts.policies_of(conn, district)
        accepted = districts.accepted_subjects(conn, district.id)
        confirmed = answers.confirmed(conn, sync.id)
    verdict = judge(
        baseline=baseline,
        snapshot=frames_of(services.store, snapshot),
        invalid=invalid_of(services.store, snapshot),
        policies=policies,
        first=district.baseline_ref is None,
        leave_out=district.leave_out,
        approved=_approved(services.store, sync, confirmed),
        accepted=pl.DataFrame(accepted, schema=SUBJECT_SCHEMA, orient="row"),
    )
    # What is accepted once this is applied: records that were re-identified have new ids then.
    now_accepted = verdict.accepted.rows()
    return verdict, settings_digest(policies, district.leave_out, now_accepted, RELEASE)


def _approved(
    store: SnapshotStore, sync: SyncRow, confirmed: Mapping[int, frozenset[int] | None]
) -> pl.DataFrame:
    """The records whose removal somebody confirmed in this sync: just those that were shown.

    Args:
        store: where the evaluations lie.
        sync: the sync.
        confirmed: evaluation number → the confirmed findings, None for all.
    """
    approved = [pl.DataFrame(schema=SUBJECT_SCHEMA)]
    for number, chosen in confirmed.items():
        prefix = layout.evaluation_prefix(sync.district_id, sync.id, number)
        if chosen is None:
            whole = store.scan([layout.subjects_ref(prefix, Reason.DATA_REMOVALS)])
            approved.append(whole.collect())
        else:
            named = store.scan([layout.named_ref(prefix)])
            removals = named.filter(reason=Reason.DATA_REMOVALS.value).collect()
            approved.append(approved_by(removals, chosen))
    return pl.concat(approved).unique()


def _write_files(
    store: SnapshotStore, prefix: str, verdict: Evaluation, baseline: Frames, snapshot: Manifest
) -> None:
    for name, frame in verdict.changes.frames.items():
        store.write(layout.changes_ref(prefix, name), frame)
    for reason in DATA_REASONS:
        found = [finding for finding in verdict.findings if finding.reason is reason]
        store.write(layout.subjects_ref(prefix, reason), subjects_of(found))
    if verdict.findings:
        store.write(layout.named_ref(prefix), named_by(verdict.findings))
    store.write(layout.accepted_ref(prefix), verdict.accepted)
    store.write(layout.removed_ref(prefix), removed_records(verdict.changes, baseline))
    files = dict(snapshot.files)
    for name in verdict.rewritten():
        files[name] = layout.kept_ref(prefix, name)
        store.write(files[name], verdict.target[name].collect())
    totals = {name: counts.total for name, counts in verdict.changes.counts.items()}
    write_manifest(store, layout.target_ref(prefix), Manifest(files=files, counts=totals))


def _write_holds(tx: Transaction, sync: SyncRow, evaluation_no: int, verdict: Evaluation) -> None:
    """Open or refresh a hold for each reason that is true; release those that no longer are."""
    released = [reason for reason in DATA_REASONS if reason not in verdict.reasons()]
    closed = holds.resolve(tx, sync.id, released, "no longer found")
    webhooks.announce_released(tx, sync.district_id, sync.id, closed)
    opened = []
    page = digest(verdict.findings)
    for reason in verdict.reasons():
        found = [finding for finding in verdict.findings if finding.reason is reason]
        records = subjects_of(found).select("kind", "key").unique().height
        intent = HoldIntent(reason, page, evaluation_no, found[0].sentence, records)
        hold_id, is_new = holds.put(tx, sync, intent)
        notices.hold_found(tx, sync, hold_id, reason, new=is_new)
        if is_new:
            opened.append(intent)
    webhooks.announce_held(tx, sync.district_id, sync.id, opened)


def _left_out(verdict: Evaluation) -> dict[str, int]:
    return {
        f"left out {name}": count
        for name, count in (
            ("contacts", verdict.left_out.contacts),
            ("guardianships", verdict.left_out.guardianships),
        )
        if count
    }


def _why(verdict: Evaluation) -> str:
    if not verdict.findings:
        return "nothing was found to hold"
    reasons = [reason.value for reason in MOST_SEVERE_FIRST if reason in verdict.reasons()]
    return f"{len(verdict.findings)} findings: {', '.join(reasons)}"
