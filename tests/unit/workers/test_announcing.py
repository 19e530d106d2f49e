"""What an app is told of the life of a sync, and news from outside that begin one."""

from collections.abc import Iterator

import pytest
from doubles.receiver import Receiver
from doubles.town import students_of
from doubles.world import DISTRICT, World

from rosterhold.adapters.database import received, webhooks
from rosterhold.adapters.webhooks.secret import new_secret
from rosterhold.config.settings import Settings
from rosterhold.roster.store import SnapshotLostError
from rosterhold.statemachine.announcements import Announcement
from rosterhold.statemachine.chart import Work
from rosterhold.statemachine.decisions import Action


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    """An endpoint that asked for everything."""
    world.services.settings = Settings(webhooks_to_private=True, secret_keys=("a key",))
    with Receiver(new_secret(), is_in_another_time=True) as made:
        with world.database.transaction() as tx:
            webhooks.add_endpoint(
                tx,
                url=made.url,
                events=tuple(Announcement),
                district_id=None,
                sealed_secret=world.services.sealing.seal(made.secret),
            )
        yield made


def test_a_sync_that_changes_the_roster_is_told_with_its_numbers(world: World, receiver: Receiver):
    world.town = world.town.leave(students_of("north")[0])
    world.starts()
    world.calms_down()
    assert receiver.took() == ["sync.completed", "roster.changed"]
    assert receiver.taken[1]["data"]["counts"]["students"]["removed"] == 1


def test_a_sync_that_changes_nothing_changed_no_roster(world: World, receiver: Receiver):
    world.starts()
    world.calms_down()
    assert receiver.took() == ["sync.completed"]


def test_a_night_without_news_is_told_as_one(world: World, receiver: Receiver):
    world.clock.passes(86_400)
    world.night_falls()
    world.calms_down()
    (told,) = receiver.taken
    assert told["type"] == "sync.completed"
    assert told["data"]["counts"] == {}
    assert told["data"]["nothing_new_since"].startswith("2026-09-01T")


def test_a_hold_its_decision_and_the_end_are_told_in_this_order(world: World, receiver: Receiver):
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    (held,) = receiver.taken
    assert held["type"] == "sync.held"
    assert held["data"]["reasons"][0]["reason"] == "data_removals"
    world.looks()
    world.decides(Action.CONFIRM)
    world.calms_down()
    assert receiver.took()[1:] == ["hold.released", "sync.completed", "roster.changed"]
    assert receiver.taken[1]["data"]["reasons"] == {"data_removals": "decided"}


def test_a_hold_that_is_checked_again_is_told_once(world: World, receiver: Receiver):
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    world.looks()
    world.decides(Action.CHECK_AGAIN)
    world.calms_down()
    assert receiver.took() == ["sync.held"]


def test_a_reminder_is_told_with_its_day(world: World, receiver: Receiver):
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    world.clock.passes(86_400)
    for work_id in world.reminders_left():
        world.works(work_id)
    world.calms_down()
    assert receiver.took() == ["sync.held", "hold.reminded"]
    assert receiver.taken[1]["data"]["day"] == 1
    assert receiver.taken[1]["data"]["reason"] == "data_removals"


def test_a_lost_connection_and_its_return_are_told(world: World, receiver: Receiver):
    world.clever.connected = False
    world.starts()
    world.sweeps()
    world.delivers()
    world.calms_down()
    world.looks()
    world.decides(Action.FIXED)
    world.calms_down()
    assert receiver.took() == ["sync.held", "hold.released", "sync.completed"]


def test_a_sync_that_fails_is_told(world: World, receiver: Receiver):
    def loses_a_file(*_: object) -> None:
        raise SnapshotLostError("a file")

    world.employs({Work.FETCH: loses_a_file})
    world.starts()
    world.calms_down()
    (failed,) = receiver.taken
    assert (failed["type"], "is lost" in failed["data"]["failure"]) == ("sync.failed", True)


def asks(world: World) -> None:
    """News from outside: there is new data."""
    with world.database.transaction() as tx:
        received.ask_for_sync(tx, DISTRICT)
    world.bell.ring(tx.work)


def test_news_begin_a_sync(world: World):
    world.town = world.town.leave(students_of("north")[0])
    asks(world)
    world.calms_down()
    rows = world.rows("SELECT state, trigger FROM syncs ORDER BY id DESC")
    assert rows[0] == ("completed", "webhook")


def test_news_let_a_held_sync_read_clever_again(world: World):
    whole = world.town
    world.town = whole.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    assert world.is_held()
    world.town = whole
    asks(world)
    world.calms_down()
    assert not world.is_held()


def test_news_while_a_sync_runs_wait_for_their_turn(world: World):
    world.starts()
    asks(world)
    number = next(i for i, message in enumerate(world.bell.waiting) if message[1] == "begin")
    world.delivers(number)
    assert len(world.rows("SELECT id FROM syncs WHERE state LIKE 'running.%'")) == 1
    world.calms_down()
    assert world.rows("SELECT count(*) FROM syncs WHERE trigger = 'webhook'") == [(1,)]
