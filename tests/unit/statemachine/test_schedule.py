from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rosterhold.statemachine.schedule import last_slot

moments = st.integers(1_704_067_200, 1_900_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
zones = st.sampled_from(["UTC", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu"])


@given(st.text(min_size=1), zones, moments)
def test_the_last_slot_is_within_the_last_day_and_in_the_night(district_id, zone, now):
    slot = last_slot(district_id, zone, now)
    assert timedelta(0) <= now - slot <= timedelta(hours=25)
    local = slot.astimezone(ZoneInfo(zone))
    assert local.hour >= 19 or local.hour < 6


@given(st.text(min_size=1), zones, moments)
def test_a_slot_is_the_same_until_the_next_one_comes(district_id, zone, now):
    slot = last_slot(district_id, zone, now)
    assert last_slot(district_id, zone, slot) == slot


def test_districts_are_spread_over_the_night():
    now = datetime(2026, 10, 1, 18, tzinfo=UTC)
    slots = {last_slot(f"district {n}", "UTC", now) for n in range(500)}
    assert len(slots) > 250


def test_a_slot_keeps_its_hour_on_the_wall_over_both_clock_changes():
    for before, after in (((2026, 3, 7), (2026, 3, 9)), ((2026, 10, 31), (2026, 11, 2))):
        zone = ZoneInfo("America/New_York")
        walls = {
            last_slot("d", zone.key, datetime(*day, 18, tzinfo=zone)).astimezone(zone).time()
            for day in (before, after)
        }
        assert len(walls) == 1
