"""All districts as operators list them: by state, age of hold and harm. One query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from rosterhold.adapters.database.districts import SaidByClever
from rosterhold.adapters.database.operations import PAGE_SIZE
from rosterhold.adapters.database.tables import districts, findings, holds, syncs
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason

# The columns of a line that the district itself has, in their order.
_OF_DISTRICT: Final = (
    "id",
    "name",
    "clever_id",
    "disconnected_since",
    "clever_state",
    "clever_error",
    "clever_pause_end",
    "time_zone",
)
PEOPLE: Final = ("students", "teachers", "staff", "contacts", "district_admins")


class Show(StrEnum):
    """Which districts are listed, by how their last sync stands."""

    ALL = "all"
    HELD = "held"
    DISCONNECTED = "disconnected"
    CONFIGURATION = "data_configuration"
    REMOVALS = "data_removals"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEVER = "never"


class Sort(StrEnum):
    """By what they are sorted."""

    HARM = "harm"
    AGE = "age"
    NAME = "name"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class DistrictLine(SaidByClever):
    """A district and how its last sync stands; `records` and `people` are what a hold is about."""

    id: str
    name: str
    clever_id: str
    disconnected_since: datetime | None
    clever_state: str | None
    clever_error: str | None
    clever_pause_end: str | None
    time_zone: str
    sync_id: str | None
    state: str | None
    started_at: datetime | None
    held_since: datetime | None
    finished_at: datetime | None
    failure: str | None
    records: int
    people: int


def district_lines(
    conn: sa.Connection,
    *,
    show: Show = Show.ALL,
    sort: Sort = Sort.HARM,
    search: str = "",
    page: int = 1,
) -> tuple[list[DistrictLine], int]:
    """A page of districts, and how many there are in all."""
    last = syncs.alias("last")
    newest = (
        sa.select(syncs.c.id)
        .where(syncs.c.district_id == districts.c.id)
        .order_by(syncs.c.started_at.desc(), syncs.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    records, people = _records_at_stake(), _people_at_stake()
    at_stake = sa.func.coalesce(records.c.records, 0).label("records")
    of_people = sa.func.coalesce(people.c.people, 0).label("people")
    query = (
        sa.select(
            *(districts.c[name] for name in _OF_DISTRICT),
            last.c.id.label("sync_id"),
            last.c.state,
            last.c.started_at,
            last.c.held_since,
            last.c.finished_at,
            last.c.failure,
            at_stake,
            of_people,
            sa.func.count().over().label("total"),
        )
        .select_from(districts)
        .outerjoin(last, last.c.id == newest)
        .outerjoin(records, records.c.sync_id == last.c.id)
        .outerjoin(people, people.c.sync_id == last.c.id)
        .where(*_shown(show, last.c.state), *_found(search))
        .order_by(*_order(sort, last, at_stake, of_people), districts.c.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    rows = conn.execute(query).all()
    return [DistrictLine(*row[:-1]) for row in rows], rows[0].total if rows else 0


def _records_at_stake() -> sa.Subquery:
    return (
        sa.select(holds.c.sync_id, sa.func.sum(holds.c.records).label("records"))
        .where(holds.c.resolved_at.is_(None))
        .group_by(holds.c.sync_id)
        .subquery("at_stake")
    )


def _people_at_stake() -> sa.Subquery:
    """Of each sync the people that would be removed.

    Several rules find the same people: of a kind, the rule counts that found most.
    """
    by_rule = (
        sa.select(
            findings.c.sync_id,
            findings.c.kind,
            sa.func.sum(findings.c.records).label("records"),
        )
        .join(
            holds,
            sa.and_(
                holds.c.sync_id == findings.c.sync_id,
                holds.c.evaluation_no == findings.c.evaluation_no,
                holds.c.reason == findings.c.reason,
            ),
        )
        .where(
            holds.c.resolved_at.is_(None),
            holds.c.reason == Reason.DATA_REMOVALS.value,
            findings.c.kind.in_(PEOPLE),
        )
        .group_by(findings.c.sync_id, findings.c.kind, findings.c.rule, findings.c.school == "")
        .subquery("by_rule")
    )
    by_kind = (
        sa.select(by_rule.c.sync_id, sa.func.max(by_rule.c.records).label("records"))
        .group_by(by_rule.c.sync_id, by_rule.c.kind)
        .subquery("by_kind")
    )
    return (
        sa.select(by_kind.c.sync_id, sa.func.sum(by_kind.c.records).label("people"))
        .group_by(by_kind.c.sync_id)
        .subquery("people_at_stake")
    )


_STATES: Final = {
    Show.HELD: [state.value for state in SyncState if state.is_on_hold],
    Show.DISCONNECTED: [SyncState.HELD_DISCONNECTED.value],
    Show.CONFIGURATION: [SyncState.HELD_CONFIGURATION.value],
    Show.REMOVALS: [SyncState.HELD_REMOVALS.value],
    Show.RUNNING: [*(state.value for state in SyncState if state.is_running), "resumed"],
    Show.COMPLETED: [SyncState.COMPLETED.value],
    Show.FAILED: [SyncState.FAILED.value],
    Show.CANCELLED: [SyncState.CANCELLED.value],
}


def _shown(show: Show, state: sa.ColumnElement[Any]) -> Sequence[sa.ColumnElement[bool]]:
    if show is Show.ALL:
        return ()
    return (state.is_(None),) if show is Show.NEVER else (state.in_(_STATES[show]),)


def _found(search: str) -> Sequence[sa.ColumnElement[bool]]:
    words = search.strip()
    if not words:
        return ()
    by_name = districts.c.name.icontains(words, autoescape=True)
    return (sa.or_(by_name, districts.c.clever_id == words, districts.c.id == words.upper()),)


def _order(
    sort: Sort, last: sa.FromClause, records: sa.Label[Any], people: sa.Label[Any]
) -> Sequence[sa.ColumnElement[Any]]:
    is_held = sa.case((last.c.state.in_(_STATES[Show.HELD]), 0), else_=1)
    match sort:
        case Sort.HARM:
            return is_held, people.desc(), records.desc(), last.c.held_since
        case Sort.AGE:
            return is_held, last.c.held_since, districts.c.name
        case Sort.STARTED:
            return last.c.started_at.is_(None), last.c.started_at.desc()
        case Sort.NAME:
            return (districts.c.name,)
