"""When a scheduled sync need not read Clever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.statemachine.policy import policies
from rosterhold.statemachine.unchanged import (
    Applied,
    Wanted,
    may_be_unchanged,
    settings_digest,
)

NOW = datetime(2026, 7, 4, 3, tzinfo=UTC)
WANTED = Wanted(trigger="schedule", fetch_no=1, was_held=False, settings="s")
APPLIED = Applied(NOW - timedelta(days=1), trigger="schedule", settings="s", is_baseline=True)


def may_be(wanted=WANTED, applied=APPLIED, full_read_days=7):
    return may_be_unchanged(
        wanted, applied, now=NOW, full_read_days=full_read_days, by_events="events"
    )


def test_a_night_after_a_full_reading_clever_is_only_asked():
    assert may_be()
    assert may_be(applied=replace(APPLIED, trigger="command_line"))


@pytest.mark.parametrize(
    "change",
    [{"trigger": "command_line"}, {"fetch_no": 2}, {"was_held": True}, {"settings": "other"}],
)
def test_what_people_start_or_was_held_or_is_judged_by_other_settings_is_read(change):
    assert not may_be(wanted=replace(WANTED, **change))


@pytest.mark.parametrize(
    "change", [{"trigger": "events"}, {"settings": ""}, {"is_baseline": False}]
)
def test_without_a_full_reading_that_stands_clever_is_read(change):
    assert not may_be(applied=replace(APPLIED, **change))


def test_where_no_digest_was_kept_none_is_the_same():
    assert not may_be(replace(WANTED, settings=""), replace(APPLIED, settings=""))


@pytest.mark.parametrize(
    ("days_ago", "full_read_days", "expected"),
    [
        (6, 7, True),
        # The seventh night's slot may come a little early.
        (6.49, 7, True),
        (6.5, 7, False),
        (7, 7, False),
        (0.4, 1, True),
        (1, 1, False),
        (0.1, 0, False),
    ],
)
def test_clever_is_read_at_least_so_often(days_ago, full_read_days, expected):
    applied = replace(APPLIED, began_at=NOW - timedelta(days=days_ago))
    assert may_be(applied=applied, full_read_days=full_read_days) is expected


DIGESTED = {
    "policies": policies({"max_removed_share": 0.2}, {}),
    "leave_out": LeaveOut(("Emergency", "Other")),
    "accepted": [("r", "k", "1", "f"), ("r", "k", "2", "f")],
    "release": "1",
}


def test_the_same_settings_in_another_order_have_the_same_digest():
    same = {
        "leave_out": LeaveOut(("Other", "Emergency")),
        "accepted": list(reversed(DIGESTED["accepted"])),
    }
    assert settings_digest(**DIGESTED) == settings_digest(**{**DIGESTED, **same})


@pytest.mark.parametrize(
    "change",
    [
        {"policies": policies({"max_removed_share": 0.3}, {})},
        {"policies": policies({"max_removed_share": 0.2}, {"s": {"min_guardians_held": 8}})},
        {"leave_out": LeaveOut(("Emergency",))},
        {"leave_out": LeaveOut(("Emergency", "Other"), crowded=True)},
        {"accepted": [("r", "k", "1", "f")]},
        {"release": "2"},
    ],
)
def test_any_other_setting_has_another_digest(change):
    assert settings_digest(**DIGESTED) != settings_digest(**{**DIGESTED, **change})
