"""The change feed of a district: what every applied sync did to every record, in order."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from rosterhold.adapters import change_feed
from rosterhold.adapters.change_feed import Change, Position
from rosterhold.adapters.database import feed
from rosterhold.adapters.database.tokens import Scope
from rosterhold.roster.store import SnapshotLostError
from rosterhold.web.api.documented import SYNC, DistrictId, tagged
from rosterhold.web.api.paging import DEFAULT_LIMIT, Limit, cursor_of, keys_of
from rosterhold.web.api.problems import ProblemError, problem
from rosterhold.web.api.roster import values_of
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["roster"], route_class=TaggedRoute)

_NAME: Final = "feed"
_LONGEST_CURSOR: Final = 512
_EXAMPLE: Final[dict[str, Any]] = {
    "seq": 12,
    "sync": SYNC,
    "at": "2026-03-02T14:05:00Z",
    "kind": "students",
    "change": "reidentified",
    "id": 4711,
    "parts": {},
    "clever_ids": {"clever_id": "58da8c6b894273be680001fc"},
    "former_clever_id": "58da8c6b894273be680001aa",
    "values": {"first_name": "Jane", "last_name": "Doe", "grade": "3"},
}


class Start(StrEnum):
    """Where the feed begins without a cursor."""

    OLDEST = "oldest"
    NOW = "now"


class RecordChange(BaseModel):
    """What one sync did to one record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    seq: int = Field(description="Counts the applied syncs of the district, from 1.")
    sync: str
    at: datetime = Field(description="When it was applied.")
    kind: str
    change: str = Field(
        description=(
            "`added` (also one that is there again), `changed`, `removed` (it stays, not active) "
            "or `reidentified` (it has a new Clever id)."
        )
    )
    id: int | None = Field(
        description="Our own id. Null for a record that was left in no roster table."
    )
    parts: dict[str, int] = Field(description="Of a pair, the own ids of what it joins.")
    clever_ids: dict[str, str] = Field(
        description="The Clever ids that name it then: before, for what was removed."
    )
    former_clever_id: str | None = Field(description="When it was re-identified.")
    values: dict[str, str | list[str]] | None = Field(
        description="Its other columns afterwards; null for what was removed."
    )


class Feed(BaseModel):
    """Some changes, and where the next ones are."""

    data: list[RecordChange]
    next_cursor: str = Field(
        description="Where to go on, also later when nothing more is there by now."
    )
    has_more: bool = Field(description="Whether there is more by now.")


def _item(change: Change) -> RecordChange:
    return RecordChange(
        seq=change.seq,
        sync=change.sync_id,
        at=change.at,
        kind=change.kind,
        change=change.change,
        id=change.own_id,
        parts=change.parts,
        clever_ids=change.keys,
        former_clever_id=change.was or None,
        values=None if change.values is None else values_of(change.values),
    )


@router.get(
    "/districts/{district_id}/changes",
    summary="Read the change feed",
    responses=tagged(
        of_410=problem("What comes next is kept no longer: read the roster, then go on from now.")
    ),
)
def read_changes(
    district_id: DistrictId,
    caller: Caller = needs(Scope.ROSTER_READ),
    start: Annotated[
        Start,
        Query(description="Without a cursor: the oldest change that is kept, or the next one."),
    ] = Start.OLDEST,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=_LONGEST_CURSOR,
            description="`next_cursor` of the page before.",
        ),
    ] = None,
) -> Feed:
    """Every change of every applied sync once, in the order in which they were applied."""
    district = caller.district(district_id)
    keys = keys_of(_NAME, cursor, int, int, int)
    with caller.database.reading() as conn:
        if keys is not None:
            position = Position(*keys)
        elif start is Start.NOW:
            position = Position(feed.next_seq(conn, district.id))
        else:
            position = Position(feed.oldest_kept(conn, district.id))
        try:
            page = change_feed.read(conn, caller.site.store, district.id, position, limit)
        except SnapshotLostError as error:
            raise ProblemError(
                410,
                "changes-gone",
                "What comes next is kept no longer. Read the feed with start=now for a new cursor, "
                "then the whole roster, and go on from that cursor.",
            ) from error
    following = cursor_of(_NAME, page.next.seq, page.next.kind, page.next.row)
    return Feed(data=list(map(_item, page.changes)), next_cursor=following, has_more=page.has_more)
