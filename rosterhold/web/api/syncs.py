"""Syncs: started, listed, shown, cancelled; and their history."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from rosterhold.adapters.database import decisions, listings, views
from rosterhold.adapters.database.decisions import AlreadyOpen
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tokens import Scope
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.views import SyncView, TransitionView
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Refused
from rosterhold.web.api.documented import DISTRICT, SYNC, DistrictWord, SyncId, tagged
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

router = APIRouter(tags=["syncs"], route_class=TaggedRoute)

TRIGGER: Final = "api"
CONFLICT: Final = problem("The sync is in no state for that; `detail` says in which it is.")

_EXAMPLE: Final[dict[str, Any]] = {
    "id": SYNC,
    "district": DISTRICT,
    "state": "on_hold.data_removals",
    "version": 4,
    "trigger": "schedule",
    "started_at": "2026-03-02T07:10:02Z",
    "finished_at": None,
    "held_since": "2026-03-02T07:13:40Z",
    "counts": {
        "students": {"added": 12, "changed": 40, "removed": 212, "reidentified": 0, "total": 4800}
    },
    "set_aside": {},
    "receipt": None,
    "failure": None,
    "nothing_new_since": None,
}


class Sync(BaseModel):
    """One run for one district; at most one is open in each."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    district: str
    state: SyncState = Field(description="See docs/states.md.")
    version: int = Field(description="Counts the transitions.")
    trigger: str = Field(description="Who started it: schedule, api, command_line, …")
    started_at: datetime
    finished_at: datetime | None
    held_since: datetime | None
    counts: dict[str, dict[str, int]] = Field(
        description="Kind → added, changed, removed, reidentified, and total afterwards."
    )
    set_aside: dict[str, int] = Field(description="Records that could not be read, or left out.")
    receipt: dict[str, int] | None = Field(description="What became of confirmed removals.")
    failure: str | None
    nothing_new_since: datetime | None = Field(
        description="Of a sync that ended without reading, because Clever has nothing new: since "
        "when its data has not changed."
    )


class SyncInWork(Sync):
    """A sync, and how far it has come."""

    progress: dict[str, int] = Field(
        description="Kind → records read by now.", examples=[{"students": 4800}]
    )


class SyncWanted(BaseModel):
    """A sync to be started."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"district": DISTRICT}]}
    )

    district: DistrictWord


class Transition(BaseModel):
    """One line of a sync's history."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "seq": 4,
                    "from_state": "running.evaluating",
                    "to_state": "on_hold.data_removals",
                    "event": "hold",
                    "why": "findings",
                    "who": "rosterhold",
                    "at": "2026-03-02T07:13:40Z",
                }
            ]
        },
    )

    seq: int
    from_state: str | None
    to_state: str
    event: str
    why: str
    who: str
    at: datetime


def item(view: SyncView) -> Sync:
    return Sync.model_validate(view)


def in_work(database: Database, sync_id: str) -> SyncInWork:
    """A sync that is there, with its progress."""
    with database.reading() as conn:
        view = views.sync_view(conn, sync_id)
    if view is None:
        raise not_found()
    return SyncInWork.model_validate(view)


def cursor_of_transition(row: TransitionView) -> str:
    return cursor_of("history", row.seq)


@router.get("/syncs", summary="List syncs", responses=tagged())
def list_syncs(
    caller: Caller = needs(Scope.SYNCS_READ),
    district: Annotated[
        str | None,
        Query(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Only of this district."),
    ] = None,
    state: Annotated[list[SyncState] | None, Query(description="Only in these states.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Sync]:
    """The newest syncs first."""
    (before,) = keys_of("syncs", cursor, str) or (None,)
    tenant = caller.tenant if district is None else caller.district(district).id
    with caller.database.reading() as conn:
        rows = listings.syncs_before(
            conn, tenant, states=state or (), before=before, limit=limit + 1
        )
    return page_of(rows, limit, item, lambda row: cursor_of("syncs", row.id))


@router.post(
    "/syncs",
    summary="Start a sync",
    status_code=201,
    response_model=SyncInWork,
    responses={409: problem("The district has an open sync; `detail` names it.")},
)
def start_sync(
    request: Request,
    wanted: SyncWanted,
    key: IdempotencyKey = None,
    caller: Caller = needs(Scope.SYNCS_WRITE),
) -> Response:
    """Start a sync of a district that has none open."""
    district = caller.district(wanted.district)

    def effect(database: Database) -> Done:
        cause = Cause("started through the API", caller.who)
        outcome = decisions.start(database, district.id, trigger=TRIGGER, cause=cause)
        if isinstance(outcome, AlreadyOpen):
            raise ProblemError(
                409,
                "already-open",
                f"The district has an open sync: {outcome.sync_id} ({outcome.state}). "
                "Nothing was started.",
            )
        return Done(201, in_work(database, outcome.sync_id), outcome.work)

    return do_once(request, caller, key, wanted, effect)


@router.get("/syncs/{sync_id}", summary="Show a sync", responses=tagged())
def show_sync(sync_id: SyncId, caller: Caller = needs(Scope.SYNCS_READ)) -> SyncInWork:
    return in_work(caller.database, caller.sync(sync_id).id)


@router.get("/syncs/{sync_id}/history", summary="Show a sync's history", responses=tagged())
def sync_history(
    sync_id: SyncId,
    caller: Caller = needs(Scope.SYNCS_READ),
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Transition]:
    """Every transition, the first one first."""
    (after,) = keys_of("history", cursor, int) or (0,)
    sync = caller.sync(sync_id)
    with caller.database.reading() as conn:
        rows = views.history(conn, sync.id, after=after, limit=limit + 1)
    return page_of(rows, limit, Transition.model_validate, cursor_of_transition)


@router.post(
    "/syncs/{sync_id}/cancel",
    summary="Cancel a sync",
    response_model=SyncInWork,
    responses={409: CONFLICT},
)
def cancel_sync(
    request: Request,
    sync_id: SyncId,
    key: IdempotencyKey = None,
    caller: Caller = needs(Scope.SYNCS_WRITE),
) -> Response:
    """End an open sync; nothing of it is applied."""
    sync = caller.sync(sync_id)

    def effect(database: Database) -> Done:
        cause = Cause("cancelled through the API", caller.who)
        outcome = decisions.cancel(database, sync.id, cause)
        if isinstance(outcome, Refused):
            raise refused(outcome)
        return Done(200, in_work(database, sync.id), outcome.work)

    return do_once(request, caller, key, None, effect)


def refused(outcome: Refused) -> ProblemError:
    return ProblemError(409, outcome.code.replace("_", "-"), outcome.sentence)
