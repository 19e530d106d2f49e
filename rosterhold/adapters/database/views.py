"""What pages, the API and the command line show. Everything here only reads."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from rosterhold.adapters.database import answers, districts, emails, holds
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.syncs import SyncRow, as_sync, load
from rosterhold.adapters.database.tables import (
    decisions,
    progress,
    syncs,
    transitions,
)
from rosterhold.adapters.database.tables import (
    districts as districts_table,
)
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import PARTLY, action_of
from rosterhold.statemachine.reasons import MOST_SEVERE_FIRST

View = TypeVar("View", bound=msgspec.Struct)


class SyncView(msgspec.Struct, frozen=True):
    """A sync, as `sync show --json` gives it."""

    id: str
    district: str
    district_clever_id: str
    district_name: str
    state: str
    version: int
    trigger: str
    started_at: datetime
    finished_at: datetime | None
    held_since: datetime | None
    counts: dict[str, dict[str, int]]
    set_aside: dict[str, int]
    receipt: dict[str, int] | None
    failure: str | None
    progress: dict[str, int]
    nothing_new_since: datetime | None = None


class TransitionView(msgspec.Struct, frozen=True):
    """One line of a sync's history."""

    seq: int
    from_state: str | None
    to_state: str
    event: str
    why: str
    who: str
    at: datetime


class FindingView(msgspec.Struct, frozen=True):
    """What a rule found; `measured` and `limit` are counts, or shares from 0 to 1.

    `no` is its number in the evaluation. `answered_by` and `answered_at` say who answered it, where
    that was kept.
    """

    no: int
    reason: str
    rule: str
    kind: str
    school: str
    school_name: str
    measured: float
    limit: float | None
    records: int
    of: int
    sentence: str
    answered: bool
    answered_by: str | None
    answered_at: datetime | None


class DecisionView(msgspec.Struct, frozen=True):
    """What a person answered.

    `partly` says that findings of the reason were left open. `findings`, `schools` and
    `school_names` are those that it was an answer to, as far as it was one to findings; the school
    of a district-wide finding is "".
    """

    action: str
    reason: str
    who: str
    from_where: str
    digest: str
    at: datetime
    partly: bool
    findings: list[int]
    schools: list[str]
    school_names: list[str]
    login: str | None = None


class OpenHoldView(msgspec.Struct, frozen=True):
    """One open reason of a held sync; `answered` when a decision waits for the others.

    `findings_left` are the numbers of the findings that nobody has answered, `schools_left` the
    schools that they are of ("" for the whole district), in the order of the findings.
    """

    reason: str
    sentence: str
    digest: str
    evaluation_no: int
    records: int
    opened_at: datetime
    answered: bool
    findings_left: list[int]
    schools_left: list[str]


class HoldView(msgspec.Struct, frozen=True):
    """A held sync as `hold show --json` and the sync report give it.

    `opened_at` is that of the oldest open reason, `digest` that of the most severe one.
    """

    sync: str
    district: str
    district_name: str
    state: str
    opened_at: datetime | None
    digest: str
    reasons: list[OpenHoldView]
    findings: list[FindingView]
    decisions: list[DecisionView]


class EmailView(msgspec.Struct, frozen=True):
    """A mail of a sync and what became of it."""

    template: str
    recipient: str
    status: str
    attempts: int
    last_error: str | None
    sent_at: datetime | None


def find_sync(conn: sa.Connection, word: str) -> SyncRow | None:
    """The sync meant by a word: its id, or a district's id (its open sync, else its last)."""
    sync = load(conn, word.upper())
    if sync is not None:
        return sync
    district = districts.find(conn, word)
    return None if district is None else latest_sync(conn, district.id)


def latest_sync(conn: sa.Connection, district_id: str) -> SyncRow | None:
    """The open sync of a district, else its last."""
    row = conn.execute(
        sa.select(syncs)
        .where(syncs.c.district_id == district_id)
        .order_by(syncs.c.finished_at.is_not(None), syncs.c.started_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else as_sync(row)


def select_syncs() -> sa.Select[Any]:
    return sa.select(
        *syncs.c,
        districts_table.c.name.label("district_name"),
        districts_table.c.clever_id.label("district_clever_id"),
    ).join(districts_table, districts_table.c.id == syncs.c.district_id)


def as_view(row: sa.Row[Any], records: dict[str, int]) -> SyncView:
    named = row._mapping  # noqa: SLF001 - SQLAlchemy's public mapping view
    fields = {name: named[name] for name in SyncView.__struct_fields__ if name in named}
    return SyncView(**fields, district=row.district_id, progress=records)


def sync_view(conn: sa.Connection, sync_id: str) -> SyncView | None:
    row = conn.execute(select_syncs().where(syncs.c.id == sync_id)).one_or_none()
    return None if row is None else as_view(row, records_read(conn, sync_id))


def records_read(conn: sa.Connection, sync_id: str) -> dict[str, int]:
    """How many records of each kind a sync has read by now."""
    records = conn.execute(
        sa.select(progress.c.kind, progress.c.records).where(progress.c.sync_id == sync_id)
    )
    return {line.kind: line.records for line in records}


def sync_views(
    conn: sa.Connection,
    *,
    district_id: str | None = None,
    held_only: bool = False,
    applied_only: bool = False,
    limit: int = 100,
) -> list[SyncView]:
    """The newest syncs first, all or those that were applied; or the held ones, oldest first."""
    query = select_syncs().limit(limit)
    if district_id is not None:
        query = query.where(syncs.c.district_id == district_id)
    if applied_only:
        query = query.where(*_applied())
    if held_only:
        held = [state.value for state in SyncState if state.is_on_hold]
        query = query.where(syncs.c.state.in_(held)).order_by(syncs.c.held_since)
    else:
        query = query.order_by(syncs.c.started_at.desc())
    return [as_view(row, {}) for row in conn.execute(query)]


def history(
    conn: sa.Connection, sync_id: str, *, after: int = 0, limit: int | None = None
) -> list[TransitionView]:
    """The transitions of a sync in their order, from after the one with a number on."""
    rows = conn.execute(
        sa.select(transitions)
        .where(transitions.c.sync_id == sync_id, transitions.c.seq > after)
        .order_by(transitions.c.seq)
        .limit(limit)
    )
    return [_struct(TransitionView, row) for row in rows]


def hold_view(conn: sa.Connection, sync_id: str) -> HoldView | None:
    """What is open of a sync; None when there is no such sync."""
    sync = sync_view(conn, sync_id)
    if sync is None:
        return None
    rows = holds.of_sync(conn, sync_id, only_open=True)
    rows.sort(key=lambda hold: MOST_SEVERE_FIRST.index(hold.reason))
    found = {hold.reason: _findings(conn, hold) for hold in rows}
    return HoldView(
        sync=sync.id,
        district=sync.district,
        district_name=sync.district_name,
        state=sync.state,
        opened_at=min((hold.opened_at for hold in rows), default=None),
        digest=next((hold.digest for hold in rows if hold.answered_at is None), ""),
        reasons=[_open_hold(hold, found[hold.reason]) for hold in rows],
        findings=[finding for of_reason in found.values() for finding in of_reason],
        decisions=decision_views(conn, sync_id),
    )


def _open_hold(hold: HoldRow, found: list[FindingView]) -> OpenHoldView:
    left = [finding for finding in found if not finding.answered]
    return OpenHoldView(
        reason=hold.reason.value,
        sentence=hold.sentence,
        digest=hold.digest,
        evaluation_no=hold.evaluation_no,
        records=hold.records,
        opened_at=hold.opened_at,
        answered=hold.answered_at is not None,
        findings_left=[finding.no for finding in left],
        schools_left=list(dict.fromkeys(finding.school for finding in left)),
    )


def _findings(conn: sa.Connection, hold: HoldRow) -> list[FindingView]:
    """What was found for a reason. One that was answered as a whole has no finding left."""
    return [
        _struct(
            FindingView,
            row,
            answered=row.who is not None or hold.answered_at is not None,
            answered_by=row.who,
            answered_at=row.at,
        )
        for row in answers.findings_of(conn, hold)
    ]


def decision_views(conn: sa.Connection, sync_id: str) -> list[DecisionView]:
    rows = conn.execute(
        sa.select(decisions).where(decisions.c.sync_id == sync_id).order_by(decisions.c.at)
    )
    places = answers.places_of(conn, sync_id)
    return [_decision(row, places.get(row.id, [])) for row in rows]


def _decision(row: sa.Row[Any], places: list[sa.Row[Any]]) -> DecisionView:
    named = {place.school: place.school_name or place.school for place in places}
    return _struct(
        DecisionView,
        row,
        action=action_of(row.action),
        partly=row.action in PARTLY.values(),
        findings=[place.no for place in places],
        schools=list(named),
        school_names=list(named.values()),
    )


def decisions_of_district(
    conn: sa.Connection, district_id: str, sync_ids: Collection[str]
) -> dict[str, list[DecisionView]]:
    """What was decided about some of a district's syncs, oldest first."""
    decided = conn.execute(
        sa.select(decisions.c.sync_id)
        .where(decisions.c.district_id == district_id, decisions.c.sync_id.in_(sync_ids))
        .distinct()
    )
    return {row.sync_id: decision_views(conn, row.sync_id) for row in decided.all()}


def _applied() -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of a sync whose data became the baseline."""
    return syncs.c.state == SyncState.COMPLETED.value, syncs.c.nothing_new_since.is_(None)


def last_applied(conn: sa.Connection, district_id: str) -> SyncRow | None:
    row = conn.execute(
        sa.select(syncs)
        .where(syncs.c.district_id == district_id, *_applied())
        .order_by(syncs.c.finished_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else as_sync(row)


def baseline_before(conn: sa.Connection, district: DistrictRow, sync: SyncRow) -> str | None:
    """The manifest of the roster that a sync was compared with; None when there was none."""
    if sync.state is not SyncState.COMPLETED:
        return district.baseline_ref
    found: str | None = conn.execute(
        sa.select(syncs.c.target_ref)
        .where(
            syncs.c.district_id == district.id,
            syncs.c.finished_at < sync.finished_at,
            *_applied(),
        )
        .order_by(syncs.c.finished_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def email_views(conn: sa.Connection, sync_id: str) -> list[EmailView]:
    return [
        EmailView(
            mail.template,
            mail.recipient,
            mail.status,
            mail.attempts,
            mail.last_error,
            mail.sent_at,
        )
        for mail in emails.of_sync(conn, sync_id)
    ]


def district_views(conn: sa.Connection) -> list[DistrictRow]:
    return districts.every(conn)


def _struct(view: type[View], row: sa.Row[Any], **more: object) -> View:
    named = {**row._mapping, **more}  # noqa: SLF001 - SQLAlchemy's public mapping view
    return view(**{name: named[name] for name in view.__struct_fields__})
