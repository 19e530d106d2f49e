"""How a school stands."""

import pytest

from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.standing import Standing, Waiting, standing_of

HELD = Waiting(SyncState.HELD_REMOVALS, {Reason.DATA_REMOVALS}, {"north"})


def test_a_school_of_the_roster_is_connected():
    assert standing_of("north", Waiting(), is_shared=True) is Standing.CONNECTED


def test_a_school_that_left_is_not_connected():
    assert standing_of("north", HELD, is_shared=False) is Standing.NOT_CONNECTED


@pytest.mark.parametrize(
    ("school", "standing"), [("north", Standing.ON_HOLD), ("south", Standing.CONNECTED)]
)
def test_only_the_schools_concerned_are_on_hold(school: str, standing: Standing):
    assert standing_of(school, HELD, is_shared=True) is standing


def test_configuration_of_the_whole_district_concerns_every_school():
    held = Waiting(
        SyncState.HELD_CONFIGURATION, {Reason.DATA_CONFIGURATION}, (), whole_district=True
    )

    assert standing_of("south", held, is_shared=True) is Standing.ON_HOLD


def test_without_a_connection_no_school_is_connected():
    lost = Waiting(SyncState.HELD_DISCONNECTED, {Reason.DISCONNECTED})

    assert standing_of("south", lost, is_shared=True) is Standing.NOT_CONNECTED


def test_a_running_sync_holds_nothing():
    running = Waiting(SyncState.FETCHING, (), {"north"})

    assert standing_of("north", running, is_shared=True) is Standing.CONNECTED
