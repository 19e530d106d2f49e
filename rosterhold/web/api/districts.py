"""Districts and their schools."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rosterhold.adapters.database import districts, listings, roster_pages
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.roster_pages import RosterQuery
from rosterhold.adapters.database.tokens import Scope
from rosterhold.roster.kinds import SCHOOLS
from rosterhold.web.api.documented import DISTRICT, DistrictId, tagged
from rosterhold.web.api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    cursor_of,
    keys_of,
    page_of,
)
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["districts"], route_class=TaggedRoute)


class District(BaseModel):
    """A district, which is the tenant: nothing is ever read across two of them."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": DISTRICT,
                    "clever_id": "5a0c91b95c7cc000010d417c",
                    "name": "Prairie Unified",
                    "time_zone": "America/Chicago",
                    "baseline_sync_id": "01K0ZC6M5W3Q7W3ZJ0G1V3G5RB",
                    "clever_state": "success",
                    "clever_error": None,
                    "clever_last_sync": "2026-03-02T07:12:44Z",
                    "clever_pause_start": None,
                    "clever_pause_end": None,
                    "at_clever": "",
                    "created_at": "2026-01-12T15:03:10Z",
                }
            ]
        },
    )

    id: str = Field(description="Ours; it stays.")
    clever_id: str
    name: str
    time_zone: str = Field(description="An IANA name.")
    baseline_sync_id: str | None = Field(
        description="The sync that made the roster what it is; null before the first one."
    )
    clever_state: str | None = Field(
        description="What Clever said of the district at the last fetch."
    )
    clever_error: str | None
    clever_last_sync: datetime | None = Field(
        description="When the district's data came to Clever last."
    )
    clever_pause_start: str | None = Field(
        description="A day or a moment in ISO 8601, as Clever gave it."
    )
    clever_pause_end: str | None
    at_clever: str = Field(
        description="That Clever holds or has paused the data, and what to do; else empty."
    )
    created_at: datetime


class School(BaseModel):
    """A school of the roster."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "clever_id": "58da8c63da7d2ee6ee0002d4",
                    "name": "Lincoln Elementary",
                    "sis_id": "101",
                    "school_number": "101",
                    "low_grade": "Kindergarten",
                    "high_grade": "5",
                    "policy": {"max_removed_share": 0.2},
                }
            ]
        }
    )

    id: int = Field(description="Ours; it stays.")
    clever_id: str
    name: str
    sis_id: str
    school_number: str
    low_grade: str
    high_grade: str
    policy: dict[str, Any] = Field(description="Limits of its own; see docs/settings.md.")


def _item(row: DistrictRow, now: datetime) -> District:
    return District.model_validate({**asdict(row), "at_clever": str(row.at_clever(now))})


@router.get("/districts", summary="List districts", responses=tagged())
def list_districts(
    caller: Caller = needs(Scope.DISTRICTS_READ),
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[District]:
    """The districts that the token may see, by their id."""
    (after,) = keys_of("districts", cursor, str) or ("",)
    with caller.database.reading() as conn:
        rows = listings.districts_after(conn, caller.tenant, after=after, limit=limit + 1)
    item = partial(_item, now=caller.site.clock())
    return page_of(rows, limit, item, lambda row: cursor_of("districts", row.id))


@router.get("/districts/{district_id}", summary="Show a district", responses=tagged())
def show_district(
    district_id: DistrictId, caller: Caller = needs(Scope.DISTRICTS_READ)
) -> District:
    return _item(caller.district(district_id), caller.site.clock())


@router.get(
    "/districts/{district_id}/schools", summary="List a district's schools", responses=tagged()
)
def list_schools_of_district(
    district_id: DistrictId,
    caller: Caller = needs(Scope.DISTRICTS_READ),
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[School]:
    """The schools that the roster has, by their Clever id, with the limits of their own."""
    district = caller.district(district_id)
    after = keys_of("schools", cursor, str)
    with caller.database.reading() as conn:
        rows = roster_pages.records_after(
            conn, district.id, SCHOOLS, RosterQuery(), after=after, limit=limit + 1
        )
        policies = districts.school_policies(conn, district.id)

    def item(row: dict[str, Any]) -> School:
        return School.model_validate({**row, "policy": policies.get(row["clever_id"], {})})

    return page_of(rows, limit, item, lambda row: cursor_of("schools", row["clever_id"]))
