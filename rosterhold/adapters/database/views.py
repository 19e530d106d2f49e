"""What pages, the API and the command line show. Everything here only reads."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from rosterhold.adapters.database import districts, emails, holds
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow, as_sync, load
from rosterhold.adapters.database.tables import (
    decisions,
    findings,
    progress,
    syncs,
    transitions,
)
from rosterhold.adapters.database.tables import (
    districts as districts_table,
)
from rosterhold.statemachine.chart import SyncState
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
    """What a rule found; `measured` and `limit` are counts, or shares from 0 to 1."""

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


class DecisionView(msgspec.Struct, frozen=True):
    """What a person answered."""

    action: str
    reason: str
    who: str
    from_where: str
    digest: str
    at: datetime


class OpenHoldView(msgspec.Struct, frozen=True):
    """One open reason of a held sync; `answered` when a decision waits for the others."""

    reason: str
    sentence: str
    digest: str
    evaluation_no: int
    records: int
    opened_at: datetime
    answered: bool


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


def _select_syncs() -> sa.Select[Any]:
    return sa.select(
        *syncs.c,
        districts_table.c.name.label("district_name"),
        districts_table.c.clever_id.label("district_clever_id"),
    ).join(districts_table, districts_table.c.id == syncs.c.district_id)


def _as_view(row: sa.Row[Any], records: dict[str, int]) -> SyncView:
    named = row._mapping  # noqa: SLF001 - SQLAlchemy's public mapping view
    fields = {name: named[name] for name in SyncView.__struct_fields__ if name in named}
    return SyncView(**fields, district=row.district_id, progress=records)


def sync_view(conn: sa.Connection, sync_id: str) -> SyncView | None:
    row = conn.execute(_select_syncs().where(syncs.c.id == sync_id)).one_or_none()
    if row is None:
        return None
    records = conn.execute(
        sa.select(progress.c.kind, progress.c.records).where(progress.c.sync_id == sync_id)
    )
    return _as_view(row, {line.kind: line.records for line in records})


def sync_views(
    conn: sa.Connection,
    *,
    district_id: str | None = None,
    held_only: bool = False,
    limit: int = 100,
) -> list[SyncView]:
    """The newest syncs first; or the held ones, oldest hold first."""
    query = _select_syncs().limit(limit)
    if district_id is not None:
        query = query.where(syncs.c.district_id == district_id)
    if held_only:
        held = [state.value for state in SyncState if state.is_on_hold]
        query = query.where(syncs.c.state.in_(held)).order_by(syncs.c.held_since)
    else:
        query = query.order_by(syncs.c.started_at.desc())
    return [_as_view(row, {}) for row in conn.execute(query)]


def history(conn: sa.Connection, sync_id: str) -> list[TransitionView]:
    rows = conn.execute(
        sa.select(transitions).where(transitions.c.sync_id == sync_id).order_by(transitions.c.seq)
    )
    return [_struct(TransitionView, row) for row in rows]


def hold_view(conn: sa.Connection, sync_id: str) -> HoldView | None:
    """What is open of a sync; None when there is no such sync."""
    sync = sync_view(conn, sync_id)
    if sync is None:
        return None
    rows = holds.of_sync(conn, sync_id, only_open=True)
    rows.sort(key=lambda hold: MOST_SEVERE_FIRST.index(hold.reason))
    return HoldView(
        sync=sync.id,
        district=sync.district,
        district_name=sync.district_name,
        state=sync.state,
        opened_at=min((hold.opened_at for hold in rows), default=None),
        digest=next((hold.digest for hold in rows if hold.answered_at is None), ""),
        reasons=[
            OpenHoldView(
                reason=hold.reason.value,
                sentence=hold.sentence,
                digest=hold.digest,
                evaluation_no=hold.evaluation_no,
                records=hold.records,
                opened_at=hold.opened_at,
                answered=hold.answered_at is not None,
            )
            for hold in rows
        ],
        findings=_findings(conn, rows),
        decisions=decision_views(conn, sync_id),
    )


def _findings(conn: sa.Connection, rows: list[holds.HoldRow]) -> list[FindingView]:
    found: list[FindingView] = []
    for hold in rows:
        lines = conn.execute(
            sa.select(findings)
            .where(
                findings.c.sync_id == hold.sync_id,
                findings.c.evaluation_no == hold.evaluation_no,
                findings.c.reason == hold.reason.value,
            )
            .order_by(findings.c.no)
        )
        found.extend(_struct(FindingView, line) for line in lines)
    return found


def decision_views(conn: sa.Connection, sync_id: str) -> list[DecisionView]:
    rows = conn.execute(
        sa.select(decisions).where(decisions.c.sync_id == sync_id).order_by(decisions.c.at)
    )
    return [_struct(DecisionView, row) for row in rows]


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


def _struct(view: type[View], row: sa.Row[Any]) -> View:
    named = row._mapping  # noqa: SLF001 - SQLAlchemy's public mapping view
    return view(**{name: named[name] for name in view.__struct_fields__})
