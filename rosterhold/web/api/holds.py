"""Holds: what is open, what was found, which records change, and the decision."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rosterhold.adapters import layout
from rosterhold.adapters.database import decisions, listings, views
from rosterhold.adapters.database.decisions import Person
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tokens import Scope
from rosterhold.adapters.database.views import HoldView
from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action, Refused
from rosterhold.web.api.documented import DISTRICT, SYNC, SyncId, tagged
from rosterhold.web.api.once import Done, IdempotencyKey, do_once
from rosterhold.web.api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    cursor_of,
    keys_of,
    page_of,
)
from rosterhold.web.api.problems import ProblemError, not_found, problem
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs
from rosterhold.web.api.syncs import Sync, SyncInWork, in_work, item, refused
from rosterhold.web.changed_records import page_of_changes, school_names

router = APIRouter(tags=["holds"], route_class=TaggedRoute)

_DIGEST: Final = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"
_SENTENCE: Final = "Lincoln Elementary would lose 212 of 530 students (40 %). The limit is 10 %."
_FINDING: Final[dict[str, Any]] = {
    "reason": "data_removals",
    "rule": "share_removed",
    "kind": "students",
    "school": "58da8c63da7d2ee6ee0002d4",
    "school_name": "Lincoln Elementary",
    "measured": 0.4,
    "limit": 0.1,
    "records": 212,
    "of": 530,
    "sentence": _SENTENCE,
}
_REASON: Final[dict[str, Any]] = {
    "reason": "data_removals",
    "sentence": _SENTENCE,
    "digest": _DIGEST,
    "evaluation_no": 1,
    "records": 212,
    "opened_at": "2026-03-02T07:13:40Z",
    "answered": False,
}
_HOLD: Final[dict[str, Any]] = {
    "sync": SYNC,
    "district": DISTRICT,
    "state": "on_hold.data_removals",
    "opened_at": "2026-03-02T07:13:40Z",
    "digest": _DIGEST,
    "reasons": [_REASON],
    "findings": [_FINDING],
    "decisions": [],
}

KindName = StrEnum("KindName", {name.upper(): name for name in KINDS})  # type: ignore[misc]


SchoolId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{0,64}$")]


class ChangeName(StrEnum):
    """What happens to a record."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    REIDENTIFIED = "reidentified"


class Finding(BaseModel):
    """What a rule found."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_FINDING]})

    reason: str
    rule: str
    kind: str = Field(description="The kind of record; empty for the connection.")
    school: str = Field(description="A Clever id; empty for the district as a whole.")
    school_name: str
    measured: float = Field(description="A number, or a share from 0 to 1, as `limit` is.")
    limit: float | None = Field(description="Null when the rule holds always.")
    records: int
    of: int
    sentence: str = Field(description="The same for people.")


class Reason(BaseModel):
    """One open reason of a hold."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_REASON]})

    reason: str
    sentence: str
    digest: str = Field(description="Names exactly what was found; a decision carries it.")
    evaluation_no: int
    records: int
    opened_at: datetime
    answered: bool = Field(description="A decision waits for those on the other reasons.")


class Decision(BaseModel):
    """What somebody answered."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "action": "confirm_removals",
                    "reason": "data_removals",
                    "who": "office@example.org",
                    "digest": _DIGEST,
                    "at": "2026-03-02T14:02:11Z",
                }
            ]
        },
    )

    action: str
    reason: str
    who: str
    digest: str
    at: datetime


class Hold(BaseModel):
    """What is open of a sync; no reasons when nothing is."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_HOLD]})

    sync: str
    district: str
    state: SyncState
    opened_at: datetime | None = Field(description="Of the oldest open reason.")
    digest: str = Field(description="Of the most severe open reason; empty when there is none.")
    reasons: list[Reason]
    findings: list[Finding]
    decisions: list[Decision]


class ChangeOfSync(BaseModel):
    """A record that a sync would change, or has changed."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "change": "removed",
                    "kind": "students",
                    "id": "58da8c6b894273be680001fc",
                    "name": "Doe, Jane",
                    "detail": "3",
                    "school_id": "58da8c63da7d2ee6ee0002d4",
                    "school": "Lincoln Elementary",
                    "former_id": "",
                }
            ]
        },
    )

    change: str
    kind: str
    id: str = Field(description="The Clever id; for a pair both, with a slash between them.")
    name: str
    detail: str = Field(description="What tells most beside the name, such as the grade.")
    school_id: str
    school: str
    former_id: str = Field(description="The Clever id before, of a record that has a new one.")


class Answer(BaseModel):
    """What somebody decides."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"action": "confirm_removals", "digest": _DIGEST}]},
    )

    action: Action = Field(
        description=(
            "`check_again` reads Clever again; `confirm_removals` and `accept` cover exactly what "
            "their digest names; `leave_out` leaves doubtful contacts out from now on; `fixed` "
            "says that Clever is connected again."
        )
    )
    digest: str | None = Field(
        default=None,
        max_length=64,
        pattern=r"^[0-9a-f]*$",
        description="Of the hold as it was reviewed; for `confirm_removals` and `accept`.",
    )
    schools: list[SchoolId] | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description=(
            "Clever ids of schools, empty for what was found of the district as a whole: only "
            "their findings are answered. Without it, all."
        ),
    )


@router.get("/holds", summary="List what is on hold", responses=tagged())
def list_holds(
    caller: Caller = needs(Scope.HOLDS_READ), limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Sync]:
    """Every sync on hold, the oldest hold first."""
    after = keys_of("holds", cursor, datetime, str)
    with caller.database.reading() as conn:
        rows = listings.held_after(conn, caller.tenant, after=after, limit=limit + 1)
    return page_of(rows, limit, item, lambda row: cursor_of("holds", row.held_since, row.id))


@router.get("/holds/{sync_id}", summary="Show a hold", responses=tagged())
def show_hold(sync_id: SyncId, caller: Caller = needs(Scope.HOLDS_READ)) -> Hold:
    """Why a sync is on hold, with all findings, the digest of each reason, and the decisions."""
    return Hold.model_validate(_view(caller, sync_id))


def _view(caller: Caller, sync_id: str) -> HoldView:
    sync = caller.sync(sync_id)
    with caller.database.reading() as conn:
        view = views.hold_view(conn, sync.id)
    if view is None:
        raise not_found()
    return view


@router.get(
    "/holds/{sync_id}/changes",
    summary="List the records that a sync changes",
    responses=tagged(of_410=problem("The files of this evaluation are kept no longer.")),
)
def list_changes(
    sync_id: SyncId,
    caller: Caller = needs(Scope.HOLDS_READ),
    change: Annotated[ChangeName | None, Query(description="Only these.")] = None,
    kind: Annotated[KindName | None, Query(description="Only of this kind.")] = None,
    school: Annotated[
        str | None, Query(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Only of this school.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ChangeOfSync]:
    """What the sync would do, record by record: first what it removes.

    A cursor stays with the evaluation that it began in: when the findings change meanwhile, read
    the hold and its changes again.
    """
    sync = caller.sync(sync_id)
    number, start = keys_of("changes", cursor, int, int) or (sync.evaluation_no, 0)
    if number > sync.evaluation_no:
        raise not_found()
    if not number:
        return Page(data=[], next_cursor=None)
    with caller.database.reading() as conn:
        names = school_names(conn, sync.district_id)
    filters = {"change": change, "kind": kind, "school_id": school}
    rows = page_of_changes(
        caller.site.store,
        layout.evaluation_prefix(sync.district_id, sync.id, number),
        names,
        {column: value for column, value in filters.items() if value is not None},
        start=start,
        limit=limit + 1,
    )
    if rows is None:
        raise ProblemError(410, "files-gone", "The files of this evaluation are kept no longer.")

    behind = cursor_of("changes", number, start + limit)
    return page_of(rows, limit, ChangeOfSync.model_validate, lambda _row: behind)


@router.post(
    "/holds/{sync_id}/decisions",
    summary="Decide",
    response_model=SyncInWork,
    responses={
        409: problem(
            "The answer does not stand: `type` ends in `outdated` (the findings have changed), "
            "`other-reason`, `not-on-hold`, `decided` (somebody was first), `no-finding` (a school "
            "has none) or `whole-only` (not for chosen schools). Nothing was done."
        )
    },
)
def decide(
    request: Request,
    sync_id: SyncId,
    answer: Answer,
    key: IdempotencyKey = None,
    caller: Caller = needs(Scope.HOLDS_DECIDE),
) -> Response:
    """Answer a hold, as the buttons of the sync report do. All of it stands, or nothing."""
    sync = caller.sync(sync_id)
    person = Person(caller.who, request.client.host if request.client else "")

    def effect(database: Database) -> Done:
        outcome = decisions.decide(
            database,
            caller.site.store,
            sync_id=sync.id,
            action=answer.action,
            digest=answer.digest or None,
            person=person,
            schools=answer.schools,
        )
        if isinstance(outcome, Refused):
            raise refused(outcome)
        return Done(200, in_work(database, sync.id), outcome.work)

    return do_once(request, caller, key, answer, effect)
