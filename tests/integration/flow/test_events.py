"""Between full syncs, events bring the roster to where a full sync would bring it."""

from datetime import timedelta

import pytest

from rosterhold.adapters.database import following
from rosterhold.statemachine.decisions import Action

BY_EVENTS = "the events since the last sync were read"


def by_events(town):
    """What comes of the next look: its sync, at rest."""
    before = town.syncs()[0].id
    town.time_for_events_comes()
    newest = town.syncs()[0]
    assert newest.id != before
    assert newest.trigger == "events"
    return town.rest(newest.id)


def test_after_events_a_full_sync_finds_nothing_to_change(followed_town):
    for change, parameters in (
        ("add-students", {"count": 6}),
        ("rekey-contacts", {"count": 5}),
        ("remove-students", {"count": 3}),
    ):
        followed_town.clever_changes(change, **parameters)
        sync = by_events(followed_town)
        assert sync.state == "completed"
        assert BY_EVENTS in followed_town.why(sync.id)
    full = followed_town.sync()
    changes = ("added", "changed", "removed", "reidentified")
    assert {kind: [counts[one] for one in changes] for kind, counts in full.counts.items()} == (
        {kind: [0, 0, 0, 0] for kind in full.counts}
    )


def test_a_school_that_goes_by_events_is_held_and_read_fully_when_answered(followed_town):
    before = followed_town.roster()
    followed_town.clever_changes("remove-school")
    held = by_events(followed_town)
    assert held.state == "on_hold.data_removals"
    assert followed_town.roster() == before
    hold = followed_town.hold(held.id)
    assert "school_removed" in {finding.rule for finding in hold.findings}
    done = followed_town.decide(held.id, Action.CONFIRM, hold.digest)
    assert done.state == "completed"
    assert followed_town.roster()["schools"] == before["schools"] - 1
    read = [why for why in followed_town.why(held.id) if "read" in why]
    assert BY_EVENTS in read
    assert "Clever was read to the end" in read


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_without_news_there_is_no_sync_but_another_look(followed_town):
    syncs = len(followed_town.syncs())
    followed_town.time_for_events_comes()
    assert len(followed_town.syncs()) == syncs
    look = followed_town.look()
    wait = look.due_at - look.created_at
    assert timedelta(minutes=14) < wait < timedelta(minutes=16)


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_nobody_looks_while_a_sync_is_on_hold(followed_town):
    followed_town.clever_changes("remove-school")
    held = by_events(followed_town)
    followed_town.clever_changes("edit-names", count=1)
    followed_town.time_for_events_comes()
    assert followed_town.syncs()[0].id == held.id


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_a_doubt_makes_it_a_full_sync(followed_town):
    followed_town.simulator.world.district().events.clear()
    followed_town.clever_changes("edit-names", count=2)
    sync = by_events(followed_town)
    assert sync.state == "completed"
    assert any(
        "not by events: the feed does not reach" in why for why in followed_town.why(sync.id)
    )
    assert sync.counts["students"]["changed"] == 2


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_a_district_that_is_followed_no_longer_is_not_looked_at(followed_town):
    with followed_town.services.database.transaction() as tx:
        following.switch(tx, followed_town.district_id, on=False)
    with pytest.raises(Exception, match="No row"):
        followed_town.look()
