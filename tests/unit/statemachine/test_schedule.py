from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosterhold.statemachine.schedule import (
    HORIZON,
    Schedule,
    ScheduleError,
    blackout,
    blackouts,
    checked_cron,
    fire,
    in_words,
    next_due,
    nightly,
)

NEW_YORK = ZoneInfo("America/New_York")
moments = st.integers(1_704_067_200, 1_900_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
zones = st.sampled_from(
    ["UTC", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Australia/Lord_Howe"]
)
crons = st.sampled_from(
    ["30 2 * * *", "30 1 * * *", "*/15 * * * *", "0 0 * * *", "0 2 * * 0", "15 1,2,3 * 3,11 *"]
)


def slots(schedule: Schedule, after: datetime, number: int) -> list[datetime]:
    found = []
    for _ in range(number):
        after = next_due(schedule, after)
        found.append(after)
    return found


def in_new_york(cron: str, after: datetime, number: int) -> list[str]:
    return [
        f"{slot.astimezone(NEW_YORK):%d %H:%M %Z}"
        for slot in slots(Schedule(cron, NEW_YORK.key), after, number)
    ]


@given(st.text(min_size=1), zones, moments)
def test_a_district_without_a_wish_has_one_slot_in_each_night(district_id, zone, now):
    slot = next_due(Schedule(nightly(district_id), zone), now)
    assert timedelta(0) < slot - now <= timedelta(hours=25)
    local = slot.astimezone(ZoneInfo(zone))
    assert local.hour >= 19 or local.hour < 5


def test_districts_are_spread_over_the_night():
    assert len({nightly(f"district {n}") for n in range(500)}) > 250


@given(crons, zones, moments)
def test_slots_come_one_after_another_and_none_between_them(cron, zone, now):
    schedule = Schedule(cron, zone)
    first, second = slots(schedule, now, 2)
    assert now < first < second
    for moment in (now, first - timedelta(seconds=1), first - timedelta(microseconds=1)):
        assert next_due(schedule, moment) == first


def test_a_time_that_the_clock_leaps_over_is_due_once_when_it_has_leapt():
    before = datetime(2026, 3, 7, 12, tzinfo=NEW_YORK)
    assert in_new_york("30 2 * * *", before, 3) == ["08 03:00 EDT", "09 02:30 EDT", "10 02:30 EDT"]
    assert in_new_york("15,45 2 * * *", before, 2) == ["08 03:00 EDT", "09 02:15 EDT"]
    assert in_new_york("0 2,3 * * *", before, 2) == ["08 03:00 EDT", "09 02:00 EDT"]


def test_a_time_that_the_clock_shows_twice_is_due_once():
    before = datetime(2026, 10, 31, 12, tzinfo=NEW_YORK)
    assert in_new_york("30 1 * * *", before, 2) == ["01 01:30 EDT", "02 01:30 EST"]
    assert in_new_york("*/30 1 * * *", before, 3) == [
        "01 01:00 EDT",
        "01 01:30 EDT",
        "02 01:00 EST",
    ]


def test_between_the_two_showings_of_a_time_the_next_one_is_the_next_day():
    second_showing = datetime(2026, 11, 1, 1, 10, tzinfo=NEW_YORK, fold=1)
    assert in_new_york("30 1 * * *", second_showing, 1) == ["02 01:30 EST"]


def test_a_slot_keeps_its_hour_on_the_wall_over_both_clock_changes():
    for day in (datetime(2026, 3, 6, tzinfo=NEW_YORK), datetime(2026, 10, 30, tzinfo=NEW_YORK)):
        found = slots(Schedule("30 20 * * *", NEW_YORK.key), day, 4)
        walls = {slot.astimezone(NEW_YORK).time().isoformat() for slot in found}
        assert walls == {"20:30:00"}


def test_nothing_is_due_in_a_blackout_and_the_slots_go_on_after_it():
    summer = Schedule("0 20 * * *", "UTC", blackouts(["2026-06-10..2026-08-15"]))
    found = slots(summer, datetime(2026, 6, 8, tzinfo=UTC), 4)
    assert [slot.date() for slot in found] == [
        date(2026, 6, 8),
        date(2026, 6, 9),
        date(2026, 8, 16),
        date(2026, 8, 17),
    ]


def test_a_blackout_of_every_year_may_go_over_new_year():
    winter = Schedule("0 20 * * *", "UTC", blackouts(["12-24..01-02"]))
    for year in (2026, 2027):
        last, following = slots(winter, datetime(year, 12, 23, tzinfo=UTC), 2)
        assert (last.date(), following.date()) == (date(year, 12, 23), date(year + 1, 1, 3))


def test_the_days_of_a_blackout_are_those_of_the_district():
    rests = Schedule("0 20 * * *", "America/Los_Angeles", blackouts(["2026-06-10"]))
    first, second = slots(rests, datetime(2026, 6, 9, 12, tzinfo=UTC), 2)
    # 20:00 there is 03:00 of the next day in UTC.
    assert (first.day, second.day) == (10, 12)


def test_of_slots_that_nobody_was_there_for_one_fires():
    firing = fire(Schedule("0 * * * *", "UTC"), datetime(2026, 9, 1, 12, 30, tzinfo=UTC))
    assert firing.starts
    assert firing.next_due == datetime(2026, 9, 1, 13, tzinfo=UTC)


def test_the_last_slot_before_a_rest_without_end_fires():
    schedule = Schedule("0 20 * * *", "UTC", blackouts(["2026-06-11..2099-12-31"]))
    now = datetime(2026, 6, 10, 20, tzinfo=UTC)
    firing = fire(schedule, now)
    assert firing.starts
    assert firing.next_due == now + HORIZON
    assert not fire(schedule, firing.next_due).starts


def test_a_slot_that_is_seen_first_in_a_blackout_starts_nothing():
    rests = Schedule("0 20 * * *", "UTC", blackouts(["2026-06-10..2026-08-15"]))
    firing = fire(rests, datetime(2026, 6, 10, 1, tzinfo=UTC))
    assert not firing.starts
    assert firing.next_due == datetime(2026, 8, 16, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("every night", "a schedule has five parts"),
        ("0 30 20 * * *", "a schedule has five parts"),
        ("@daily", "a schedule has five parts"),
        ("", "a schedule has five parts"),
        ("60 20 * * *", "'60' is no minute of a schedule: it is 0 to 59"),
        ("0 25 * * *", "'25' is no hour of a schedule: it is 0 to 23"),
        ("0 8pm * * *", "'8pm' is no hour"),
        ("0 20 32 * *", "'32' is no day of month"),
        ("0 20 30 2 *", "'30' is no day of month"),
        ("0 20 * 13 *", "'13' is no month"),
        ("0 20 * * Mo", "'Mo' is no day of week"),
        ("* * * * *", "this runs every minute"),
        ("*/10 * * * *", "this runs again after 10 minutes"),
        ("0,50 * * * *", "this runs again after 10 minutes"),
        ("5,55 0,23 * * *", "this runs again after 10 minutes"),
    ],
)
def test_what_is_no_schedule_is_refused_in_plain_words(cron, said):
    with pytest.raises(ScheduleError, match=said.replace("*", r"\*")):
        checked_cron(cron)


@pytest.mark.parametrize(
    "cron", ["*/15 * * * *", "0 20 * * 1-5", "0 20 l * *", "59 23 1 jan,JUL *"]
)
def test_a_schedule_is_kept_as_it_was_written(cron):
    assert checked_cron(f"  {cron.replace(' ', '   ')} ") == cron
    assert in_words(cron)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("summer", "no range of days"),
        ("2026-06-10..", None),
        ("2026-06-10..08-15", "a year on one side only"),
        ("2026-08-15..2026-06-10", "ends before it begins"),
        ("2026-02-29..2026-03-01", "there is no day"),
        ("02-29..03-01", None),
        ("2026-6-10..2026-8-1", "no range of days"),
    ],
)
def test_what_is_no_blackout_is_refused_in_plain_words(text, said):
    if said is None:
        assert blackout(text)
        return
    with pytest.raises(ScheduleError, match=said):
        blackout(text)


def test_a_schedule_that_never_comes_is_refused():
    for cron, rests in (
        ("0 20 * * *", "01-01..12-31"),
        ("0 3 * * *", "01-01..12-31"),
        ("0 20 29 2 *", "02-29"),
    ):
        with pytest.raises(ScheduleError, match="never comes"):
            next_due(
                Schedule(cron, "UTC", blackouts([rests])), datetime(2026, 1, 1, 12, tzinfo=UTC)
            )


def test_blackouts_are_kept_once_and_in_order():
    said = ["2026-12-24..2027-01-02", "06-10..08-15", "06-10 .. 08-15"]
    assert [str(each) for each in blackouts(said)] == ["06-10..08-15", "2026-12-24..2027-01-02"]
    with pytest.raises(ScheduleError, match="at most"):
        blackouts([f"{year}-01-01" for year in range(2000, 2100)])
