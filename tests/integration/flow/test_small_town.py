"""What a service does over several syncs of one small district."""

from datetime import UTC, datetime

import pytest

from rosterhold.adapters.database import districts, views
from rosterhold.statemachine.decisions import Action, Refused


def test_new_ids_for_everybody_are_held_and_confirmed_without_losing_anybody(small_town):
    small_town.sync()
    before = small_town.roster()
    small_town.clever_changes("rekey")
    held = small_town.sync()
    assert held.state == "on_hold.data_removals"
    done = small_town.decide(held.id, Action.CONFIRM, small_town.hold(held.id).digest)
    assert done.state == "completed"
    assert small_town.roster()["students"] == before["students"]


def test_two_reasons_at_once_are_answered_one_by_one(small_town):
    small_town.sync()
    small_town.clever_changes("emergency-contacts", count=10)
    small_town.clever_changes("remove-students", share=0.3)
    held = small_town.sync()
    assert held.state == "on_hold.data_configuration"
    digest = small_town.hold(held.id).digest
    first = small_town.decide(held.id, Action.ACCEPT, digest)
    assert first.state == "on_hold.data_removals"
    assert small_town.decide(held.id, Action.CONFIRM, digest).state == "completed"


def test_a_malformed_record_is_set_aside_and_the_others_go_on(small_town):
    small_town.sync()
    before = small_town.roster()
    small_town.clever_changes("malformed", kind="students", count=1)
    sync = small_town.sync()
    assert sync.state == "completed"
    assert sync.set_aside == {"unreadable students": 1}
    assert small_town.roster()["students"] == before["students"]


def test_a_decision_on_a_sync_that_is_over_is_refused(small_town):
    sync = small_town.sync()
    refused = small_town.try_to_decide(sync.id, Action.CONFIRM, "0" * 64)
    assert isinstance(refused, Refused)
    assert refused.code == "not_on_hold"


def test_a_passing_failure_of_clever_is_survived(small_town):
    for fault in ("503", "429", "cut-body", "html-200"):
        small_town.clever_fails(fault, times=1, path="users", seconds=1)
    assert small_town.sync().state == "completed"


def test_a_fetch_that_cannot_be_proved_complete_is_never_evaluated(small_town):
    small_town.sync()
    small_town.clever_fails("moving")
    held = small_town.sync()
    assert held.state == "on_hold.disconnected"
    with small_town.services.database.reading() as conn:
        states = [line.to_state for line in views.history(conn, held.id)]
    assert "running.evaluating" not in states


def test_students_who_return_come_back_under_their_own_ids(small_town):
    small_town.sync()
    before = small_town.roster()
    small_town.clever_changes("remove-students", count=3)
    assert small_town.sync().state == "completed"
    assert small_town.roster()["students"] == before["students"] - 3
    small_town.clever_changes("return-student", count=3)
    done = small_town.sync()
    assert done.state == "completed"
    assert small_town.roster()["students"] == before["students"]


def test_a_scheduled_sync_reads_only_what_moved_and_what_is_shared_otherwise(small_town):
    small_town.clever_changes("malformed", kind="students", count=1)
    first = small_town.sync()
    small_town.clever_changes("pause")
    paused = small_town.sync_by_schedule()
    assert (paused.state, paused.progress) == ("completed", {})
    assert paused.nothing_new_since is not None
    assert small_town.why(paused.id)[-1] == "Clever has nothing new"
    with small_town.services.database.reading() as conn:
        district = districts.find(conn, small_town.district_id)
    assert district.baseline_sync_id == first.id
    assert district.at_clever(datetime.now(UTC)).what.startswith("Clever has paused your data")
    # During a pause the data stand still, what is shared does not.
    small_town.clever_changes("remove-school")
    held = small_town.sync_by_schedule()
    assert held.state == "on_hold.data_removals"


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_what_clever_does_with_the_data_is_known_after_a_sync_that_was_not_complete(small_town):
    small_town.clever_changes("hold")
    small_town.clever_fails("503", path="users")
    held = small_town.sync()
    assert held.state == "on_hold.disconnected"
    with small_town.services.database.reading() as conn:
        district = districts.find(conn, small_town.district_id)
    said = str(district.at_clever(datetime.now(UTC)))
    assert said.startswith("Clever is holding your data: Sync on hold: a large share of records")
