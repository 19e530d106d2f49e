from datetime import UTC, datetime, timedelta

from rosterhold.statemachine.announcements import LAST_WAIT, TRIED_FOR, has_changes, next_try

TOLD = datetime(2026, 11, 2, 22, tzinfo=UTC)


def test_the_first_try_after_a_failure_comes_soon_and_the_later_ones_less_often():
    waits = [next_try(TOLD, TOLD, failures, 0.0) for failures in range(1, 10)]
    assert waits[0] == TOLD + timedelta(seconds=5)
    assert waits == sorted(waits)
    assert waits[-1] == TOLD + LAST_WAIT


def test_chance_makes_a_wait_longer_by_a_fifth_at_most():
    assert next_try(TOLD, TOLD, 2, 1.0) == TOLD + timedelta(seconds=36)


def test_the_last_try_is_three_days_after_it_was_told():
    late = TOLD + TRIED_FOR - timedelta(seconds=1)
    assert next_try(TOLD, late, 12, 0.5) == TOLD + TRIED_FOR


def test_after_three_days_it_is_not_tried_again():
    assert next_try(TOLD, TOLD + TRIED_FOR, 12, 0.5) is None


def test_a_roster_has_changed_when_a_record_of_any_kind_did():
    nothing = {"students": {"added": 0, "changed": 0, "removed": 0, "reidentified": 0, "total": 9}}
    assert not has_changes({})
    assert not has_changes(nothing)
    for name in ("added", "changed", "removed", "reidentified"):
        assert has_changes({"students": {**nothing["students"], name: 1}})
