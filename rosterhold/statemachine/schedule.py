"""When a district is synced by itself: a cron expression on the clocks of its time zone."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

# Clever reads districts in the evening and advises apps to read after that (Clever, How often
# will my data sync). A district's own minute of the night is drawn from its id.
NIGHT_BEGINS_H: Final = 19
NIGHT_MINUTES: Final = 600

CLOSEST_MINUTES: Final = 15
# A slot that does not come within so many years (two leap years may be eight apart) never comes.
HORIZON: Final = timedelta(days=9 * 366)
LONGEST_CRON: Final = 200
MOST_BLACKOUTS: Final = 50

_MINUTES_A_DAY: Final = 24 * 60
_FIELDS: Final = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, or L for the last one",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 where 0 and 7 are Sunday, or SUN to SAT",
}
_DAY: Final = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
# A leap year, for days of every year.
_ANY_YEAR: Final = 2000


class ScheduleError(ValueError):
    """Raised for a schedule that cannot be kept; says why in the words of whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days on which nothing starts by itself, the last one included.

    Attributes:
        first: the first day.
        last: the last day.
        every_year: whether the years of both mean nothing.
    """

    first: date
    last: date
    every_year: bool

    def covers(self, day: date) -> bool:
        if not self.every_year:
            return self.first <= day <= self.last
        of_year = day.replace(year=_ANY_YEAR)
        if self.first <= self.last:
            return self.first <= of_year <= self.last
        return of_year >= self.first or of_year <= self.last

    def __str__(self) -> str:
        form = "%m-%d" if self.every_year else "%Y-%m-%d"
        return f"{self.first.strftime(form)}..{self.last.strftime(form)}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What says when a district is due.

    Attributes:
        cron: minute, hour, day of the month, month, day of the week.
        time_zone: whose clocks are meant, such as ``America/Chicago``.
        blackouts: when nothing starts.
    """

    cron: str
    time_zone: str
    blackouts: tuple[Blackout, ...] = ()

    def rests_on(self, day: date) -> bool:
        return any(blackout.covers(day) for blackout in self.blackouts)


@dataclass(frozen=True, slots=True)
class Firing:
    """What becomes of a slot that has come.

    Attributes:
        starts: whether a sync is to start, or nothing as the district rests today.
        next_due: the first slot after now: of several that nobody was there for, one fires. A
            schedule that does not come again is looked at again when its horizon has come.
    """

    starts: bool
    next_due: datetime


def fire(schedule: Schedule, now: datetime) -> Firing:
    """Say what a slot that is due at last comes to."""
    today = now.astimezone(ZoneInfo(schedule.time_zone)).date()
    try:
        following = next_due(schedule, now)
    except ScheduleError:
        # It could be kept when it was written: this was the last free day for many years.
        following = now + HORIZON
    return Firing(not schedule.rests_on(today), following)


def nightly(district_id: str) -> str:
    """The cron expression of a district that was given none: its own minute of the night."""
    drawn = int.from_bytes(hashlib.sha256(district_id.encode()).digest()[:4]) % NIGHT_MINUTES
    hours, minute = divmod(drawn, 60)
    return f"{minute} {(NIGHT_BEGINS_H + hours) % 24} * * *"


def next_due(schedule: Schedule, after: datetime) -> datetime:
    """The first slot after a moment, in UTC.

    A slot is a time of the clock on the wall. One that the clock leaps over is due when the clock
    has leapt; one that it shows twice is due the first time.

    Raises:
        ScheduleError: none comes.
    """
    zone = ZoneInfo(schedule.time_zone)
    # On the wall there are no offsets: what the clock does is dealt with below.
    wall = after.astimezone(zone).replace(tzinfo=None)
    horizon = wall + HORIZON
    slots = CronSim(schedule.cron, wall)
    while (slot := next(slots, horizon)) < horizon:
        if schedule.rests_on(slot.date()):
            slots = CronSim(schedule.cron, _end_of_rest(schedule, slot.date(), horizon))
            continue
        due = _instant(slot, zone)
        if due > after:
            return due
    raise ScheduleError("the schedule never comes: there is no day that it means and that is free")


def _end_of_rest(schedule: Schedule, day: date, horizon: datetime) -> datetime:
    """The last second before the first free day."""
    while schedule.rests_on(day) and day <= horizon.date():
        day += timedelta(days=1)
    return datetime.combine(day, time()) - timedelta(seconds=1)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock first shows this time or, if it leaps over it, a later one."""
    shown = wall.replace(tzinfo=zone).astimezone(UTC)
    while shown.astimezone(zone).replace(tzinfo=None) != wall:
        wall += timedelta(minutes=1)
        shown = wall.replace(tzinfo=zone).astimezone(UTC)
    return shown


def checked_cron(text: str) -> str:
    """A cron expression as it is kept.

    Raises:
        ScheduleError: it is none, or it comes too often.
    """
    cron = " ".join(text.split())
    if len(cron) > LONGEST_CRON or len(cron.split()) != len(_FIELDS):
        raise ScheduleError(
            "a schedule has five parts, minute, hour, day of the month, month and day of the "
            "week: `30 20 * * *` is every day at half past eight in the evening"
        )
    try:
        parsed = CronSim(cron, datetime(_ANY_YEAR, 1, 1))  # noqa: DTZ001 - a clock on a wall
    except CronSimError as error:
        raise ScheduleError(_in_words(cron, str(error))) from error
    _refuse_too_often(parsed)
    return cron


def _in_words(cron: str, fault: str) -> str:
    for part, (field, allowed) in zip(cron.split(), _FIELDS.items(), strict=True):
        if fault == f"Bad {field}":
            name = field.replace("-", " ")
            return f"{part!r} is no {name} of a schedule: it is {allowed}, or * for every one"
    return f"{cron!r} is no schedule: {fault}"


def _refuse_too_often(parsed: CronSim) -> None:
    """Look at the minutes of one day, and from its last one to the next day's first."""
    minutes = sorted(60 * hour + minute for hour in parsed.hours for minute in parsed.minutes)
    following = [*minutes[1:], minutes[0] + _MINUTES_A_DAY]
    closest = min(later - earlier for earlier, later in zip(minutes, following, strict=True))
    if closest < CLOSEST_MINUTES:
        often = "every minute" if closest == 1 else f"again after {closest} minutes"
        raise ScheduleError(
            f"this runs {often}; between two syncs of a district there are at least "
            f"{CLOSEST_MINUTES} minutes"
        )


def in_words(cron: str) -> str:
    """A cron expression as a sentence, in English: *At 20:30 every day*."""
    return CronSim(cron, datetime(_ANY_YEAR, 1, 1)).explain()  # noqa: DTZ001 - a clock on a wall


def blackout(text: str) -> Blackout:
    """Read ``2027-06-10..2027-08-15``, or ``06-10..08-15`` for every year; one day stands alone.

    Raises:
        ScheduleError: it is neither.
    """
    said = text.strip()
    first, _, last = said.partition("..")
    begins, ends = _day(first, said), _day(last or first, said)
    every_year = begins[1]
    if every_year is not ends[1]:
        raise ScheduleError(f"{said!r} has a year on one side only; give both days one, or none")
    if not every_year and ends[0] < begins[0]:
        raise ScheduleError(f"{said!r} ends before it begins")
    return Blackout(begins[0], ends[0], every_year)


def _day(text: str, said: str) -> tuple[date, bool]:
    found = _DAY.fullmatch(text.strip())
    try:
        if found is not None:
            year, month, day = found.groups()
            return date(int(year or _ANY_YEAR), int(month), int(day)), year is None
    except ValueError as error:
        raise ScheduleError(f"{said!r}: there is no day {text.strip()!r}") from error
    raise ScheduleError(
        f"{said!r} is no range of days; write 2027-06-10..2027-08-15, or 06-10..08-15 for every "
        "year"
    )


def blackouts(texts: Iterable[str]) -> tuple[Blackout, ...]:
    """All of them, each once, in order.

    Raises:
        ScheduleError: one cannot be read, or there are too many.
    """
    found = sorted({blackout(text) for text in texts}, key=str)
    if len(found) > MOST_BLACKOUTS:
        raise ScheduleError(f"a schedule has at most {MOST_BLACKOUTS} blackouts")
    return tuple(found)
