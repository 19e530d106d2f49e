"""Schedules: when a district is synced by itself."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rosterhold.adapters.database import schedules
from rosterhold.adapters.database.schedules import ScheduleRow
from rosterhold.adapters.database.tokens import Scope
from rosterhold.statemachine.schedule import (
    LONGEST_CRON,
    MOST_BLACKOUTS,
    ScheduleError,
    blackouts,
    checked_cron,
    in_words,
)
from rosterhold.web.api.documented import DISTRICT, DistrictId, tagged
from rosterhold.web.api.problems import Fault, ProblemError, not_found
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["schedules"], route_class=TaggedRoute)

_WANTED: Final[dict[str, Any]] = {"cron": "30 20 * * 1-5", "blackouts": ["06-10..08-15"]}
_EXAMPLE: Final[dict[str, Any]] = {
    "district": DISTRICT,
    **_WANTED,
    "is_default": False,
    "means": "At 20:30, Monday through Friday",
    "time_zone": "America/Chicago",
    "next_due_at": "2026-03-03T02:30:00Z",
}


class Schedule(BaseModel):
    """When a district is synced by itself, on the clocks of its time zone."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    district: str
    cron: str = Field(description="Minute, hour, day of the month, month, day of the week.")
    is_default: bool = Field(description="Whether it is the district's own minute of the night.")
    means: str = Field(description="The same for people.")
    blackouts: list[str] = Field(description="Days on which nothing starts by itself.")
    time_zone: str = Field(description="An IANA name.")
    next_due_at: datetime


class ScheduleWanted(BaseModel):
    """A schedule in place of the one that is there."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_WANTED]})

    cron: str | None = Field(
        default=None,
        max_length=LONGEST_CRON,
        description=(
            "Minute, hour, day of the month, month, day of the week. Without it, the district's "
            "own minute of the night."
        ),
    )
    blackouts: list[str] = Field(
        default=[],
        max_length=MOST_BLACKOUTS,
        description="`2027-06-10..2027-08-15`, or `06-10..08-15` for every year; a day alone too.",
    )


def _item(row: ScheduleRow) -> Schedule:
    return Schedule(
        district=row.district_id,
        cron=row.cron,
        is_default=row.is_default,
        means=in_words(row.cron),
        blackouts=row.blackouts,
        time_zone=row.time_zone,
        next_due_at=row.next_due_at,
    )


@router.get("/districts/{district_id}/schedule", summary="Show a schedule", responses=tagged())
def show_schedule(
    district_id: DistrictId, caller: Caller = needs(Scope.SCHEDULES_READ)
) -> Schedule:
    """When the district is synced by itself, and when next."""
    district = caller.district(district_id)
    with caller.database.reading() as conn:
        row = schedules.get(conn, district.id)
    if row is None:
        raise not_found()
    return _item(row)


@router.put("/districts/{district_id}/schedule", summary="Replace a schedule")
def put_schedule(
    district_id: DistrictId,
    wanted: ScheduleWanted,
    caller: Caller = needs(Scope.SCHEDULES_WRITE),
) -> Schedule:
    """Replace the whole schedule. A slot that has come already stays due."""
    district = caller.district(district_id)
    try:
        cron = "" if wanted.cron is None else checked_cron(wanted.cron)
    except ScheduleError as error:
        raise _unusable("cron", error) from error
    try:
        blackouts(wanted.blackouts)
        with caller.database.transaction() as tx:
            row = schedules.put(tx, district.id, cron=cron, ranges=wanted.blackouts)
    except ScheduleError as error:
        raise _unusable("blackouts", error) from error
    except LookupError as error:
        raise not_found() from error
    return _item(row)


def _unusable(name: str, error: ScheduleError) -> ProblemError:
    return ProblemError(
        422,
        "invalid-request",
        f"The schedule cannot be kept so: {error}. Nothing was done.",
        errors=[Fault(where="body", name=name, problem=str(error))],
    )
