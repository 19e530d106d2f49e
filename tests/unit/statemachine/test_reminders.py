"""When reminders are due, and when no mail goes out: at the edges, and over clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosterhold.statemachine.reminders import (
    QuietHours,
    may_go_out,
    next_reminder,
    quiet_hours,
    reached_day,
)

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = QuietHours(time(20), time(7))
MINUTE = timedelta(minutes=1)


def here(text: str, fold: int = 0) -> datetime:
    """A local time of Chicago, in UTC."""
    local = datetime.fromisoformat(text).replace(tzinfo=CHICAGO, fold=fold)
    return local.astimezone(UTC)


def test_reminders_come_on_day_1_3_7_and_then_every_week():
    opened_at, day, days = here("2025-10-06 09:00"), 0, []
    for _ in range(6):
        reminder = next_reminder(opened_at, day, CHICAGO, None)
        day = reminder.day
        days.append((day, reminder.due_at - opened_at))

    assert days[:4] == [(n, timedelta(days=n)) for n in (1, 3, 7, 14)]
    assert [day for day, _ in days[4:]] == [21, 28]


@pytest.mark.parametrize(
    ("after", "day"),
    [(0, 1), (1, 3), (2, 3), (3, 7), (6, 7), (7, 14), (13, 14), (14, 21), (20, 21)],
)
def test_the_next_day_follows_any_day(after: int, day: int):
    assert next_reminder(here("2025-10-06 09:00"), after, CHICAGO, None).day == day


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        # Clocks go forward on March 8, back on November 1.
        ("2026-03-07 09:00", "2026-03-08 09:00"),
        ("2026-10-31 09:00", "2026-11-01 09:00"),
    ],
)
def test_a_day_is_one_of_the_clock_on_the_wall(opened: str, due: str):
    assert next_reminder(here(opened), 0, CHICAGO, None).due_at == here(due)


def test_a_time_that_a_clock_change_leaves_out_comes_an_hour_later():
    due_at = next_reminder(here("2026-03-07 02:30"), 0, CHICAGO, None).due_at

    assert due_at == here("2026-03-08 03:30")


@pytest.mark.parametrize(
    ("now", "goes_out"),
    [
        ("2025-10-06 19:59", "2025-10-06 19:59"),
        ("2025-10-06 20:00", "2025-10-07 07:00"),
        ("2025-10-06 23:59", "2025-10-07 07:00"),
        ("2025-10-07 00:00", "2025-10-07 07:00"),
        ("2025-10-07 06:59", "2025-10-07 07:00"),
        ("2025-10-07 07:00", "2025-10-07 07:00"),
        # Over both clock changes.
        ("2026-03-07 21:00", "2026-03-08 07:00"),
        ("2026-10-31 21:00", "2026-11-01 07:00"),
    ],
)
def test_a_mail_of_the_night_waits_for_the_morning(now: str, goes_out: str):
    assert may_go_out(here(now), CHICAGO, NIGHT) == here(goes_out)


def test_quiet_hours_may_lie_within_a_day():
    noon = QuietHours(time(12), time(13, 30))

    assert may_go_out(here("2025-10-06 11:59"), CHICAGO, noon) == here("2025-10-06 11:59")
    assert may_go_out(here("2025-10-06 12:00"), CHICAGO, noon) == here("2025-10-06 13:30")
    assert may_go_out(here("2025-10-06 13:30"), CHICAGO, noon) == here("2025-10-06 13:30")


def test_quiet_hours_that_end_when_the_clock_leaves_an_hour_out_end_after_it():
    quiet = QuietHours(time(20), time(2, 30))

    assert may_go_out(here("2026-03-08 01:00"), CHICAGO, quiet) == here("2026-03-08 03:30")


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_are_quiet_again():
    quiet = QuietHours(time(20), time(1, 30))

    assert may_go_out(here("2026-11-01 01:00"), CHICAGO, quiet) == here("2026-11-01 01:30")
    again = here("2026-11-01 01:15", fold=1)
    assert may_go_out(again, CHICAGO, quiet) == here("2026-11-01 01:30", fold=1)


def test_a_reminder_of_the_night_waits_for_the_morning():
    reminder = next_reminder(here("2025-10-06 23:00"), 0, CHICAGO, NIGHT)

    assert (reminder.day, reminder.due_at) == (1, here("2025-10-08 07:00"))


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001 - given the zone below
    lambda moment: moment.replace(tzinfo=UTC)
)
HOURS = st.builds(QuietHours, st.times(), st.times()).filter(lambda one: one.begins != one.ends)


@given(MOMENTS, HOURS)
def test_a_mail_goes_out_within_a_day_or_so_and_never_in_quiet_hours(
    now: datetime, quiet: QuietHours
):
    goes_out = may_go_out(now, CHICAGO, quiet)

    assert now <= goes_out <= now + timedelta(hours=26)
    assert not quiet.cover(goes_out.astimezone(CHICAGO).time())


@pytest.mark.parametrize(
    ("after", "day"),
    [
        (timedelta(days=1) - MINUTE, None),
        (timedelta(days=1), 1),
        (timedelta(days=3) - MINUTE, 1),
        (timedelta(days=3), 3),
        (timedelta(days=7) - MINUTE, 3),
        (timedelta(days=7), 7),
        (timedelta(days=14) - MINUTE, 7),
        (timedelta(days=14), 14),
        (timedelta(days=30), 28),
    ],
)
def test_the_day_reached_is_the_newest_one(after: timedelta, day: int | None):
    opened_at = here("2025-10-06 09:00")

    assert reached_day(opened_at, opened_at + after, CHICAGO) == day


@given(MOMENTS, st.integers(0, 40), st.sampled_from([NIGHT, None]))
def test_a_reminder_that_is_due_has_reached_its_day(
    opened_at: datetime, after: int, quiet: QuietHours | None
):
    reminder = next_reminder(opened_at, after, CHICAGO, quiet)

    assert reached_day(opened_at, reminder.due_at, CHICAGO) == reminder.day


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("20:00-07:00", NIGHT),
        ("20:00 - 7:00", NIGHT),
        ("12:00-13:30", QuietHours(time(12), time(13, 30))),
        ("", None),
        (None, None),
    ],
)
def test_hours_are_read(words: str | None, hours: QuietHours | None):
    assert quiet_hours(words) == hours


@pytest.mark.parametrize("words", ["8pm-7am", "20-7", "24:00-07:00", "20:60-07:00", "07:00-07:00"])
def test_hours_that_are_none_are_refused(words: str):
    with pytest.raises(ValueError, match="hours"):
        quiet_hours(words)


def test_hours_are_written_as_they_are_read():
    assert quiet_hours(str(NIGHT)) == NIGHT
