"""When somebody is reminded of a hold, and when no mail may go out.

Days are counted on the clock on the wall: a hold that was opened at 9:00 has its third day at 9:00,
whether or not a clock change lies in between.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# On these days of a hold, and then every week.
FIRST_DAYS: Final = (1, 3, 7)
THEN_EVERY_DAYS: Final = 7
# From this day on the second contact of the district is written to as well.
SECOND_CONTACT_FROM_DAY: Final = 3

_HOURS: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which no mail goes out; they may go over midnight.

    Attributes:
        begins: the first quiet minute.
        ends: the first minute after them.
    """

    begins: time
    ends: time

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def cover(self, at: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


# What a district has that says in which time zone it is, and nothing else.
USUAL_QUIET_HOURS: Final = QuietHours(time(20), time(7))


def quiet_hours(words: str | None) -> QuietHours | None:
    """The quiet hours written as `20:00-07:00`; None when nothing is.

    Raises:
        ValueError: they are written otherwise, or begin when they end.
    """
    if not words:
        return None
    found = _HOURS.fullmatch(words.replace(" ", ""))
    if found is None:
        raise ValueError(f"{words!r} are no hours; write them as 20:00-07:00")
    numbers = [int(part) for part in found.groups()]
    hours = QuietHours(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))
    if hours.begins == hours.ends:
        raise ValueError(f"the hours {words} begin when they end")
    return hours


@dataclass(frozen=True, slots=True)
class Reminder:
    """The day of a hold on which somebody is reminded, and from when on the mail may go out."""

    day: int
    due_at: datetime


def may_go_out(now: datetime, zone: ZoneInfo, quiet: QuietHours | None) -> datetime:
    """When a mail of this moment may go out: now, or when the quiet hours end. In UTC."""
    here = now.astimezone(zone)
    if quiet is None or not quiet.cover(here.time()):
        return now.astimezone(UTC)
    # In the nights of clock changes a time of the clock may come twice, or not at all.
    ends = (
        datetime.combine(day, quiet.ends, tzinfo=zone).replace(fold=fold).astimezone(UTC)
        for day in (here.date(), here.date() + timedelta(days=1))
        for fold in (0, 1)
    )
    return min(end for end in ends if end > now and not quiet.cover(end.astimezone(zone).time()))


def next_reminder(
    opened_at: datetime, after_day: int, zone: ZoneInfo, quiet: QuietHours | None
) -> Reminder:
    """The first reminder of a hold after that day of it; day 0 is the day it was opened."""
    day = next((day for day in FIRST_DAYS if day > after_day), None)
    if day is None:
        weeks = (after_day - FIRST_DAYS[-1]) // THEN_EVERY_DAYS + 1
        day = FIRST_DAYS[-1] + weeks * THEN_EVERY_DAYS
    return Reminder(day, may_go_out(_moment_of(opened_at, day, zone), zone, quiet))


def reached_day(opened_at: datetime, now: datetime, zone: ZoneInfo) -> int | None:
    """The newest day of reminding that a hold has come to; None before the first.

    When nothing worked for a while, this is the one reminder to send: days that were missed are not
    made up for.
    """
    days = _date(now, zone) - _date(opened_at, zone)
    reached = [
        day
        for day in (*FIRST_DAYS, *range(FIRST_DAYS[-1], days.days + 1, THEN_EVERY_DAYS))
        if _moment_of(opened_at, day, zone) <= now
    ]
    return max(reached, default=None)


def _moment_of(opened_at: datetime, day: int, zone: ZoneInfo) -> datetime:
    """The moment at which a hold is so many days old, in UTC."""
    # Local times with days added keep the clock's time; one that a clock change leaves out comes
    # an hour later.
    return (opened_at.astimezone(zone) + timedelta(days=day)).astimezone(UTC)


def _date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
