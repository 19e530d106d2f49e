import pytest
from doubles.inspector import Inspector
from doubles.town import students_of
from doubles.world import World

from rosterhold.adapters.database import claims

SHRUNK = students_of("north")[1:]


def state(world: World) -> str:
    return world.rows("SELECT state FROM syncs ORDER BY started_at DESC LIMIT 1")[0][0]


def row(world: World) -> tuple[str, int, str | None, str | None]:
    """Work, attempts, error and when it was given up, of the one row there is."""
    ((work, attempts, error, given_up),) = world.rows(
        "SELECT work, attempts, last_error, given_up_at FROM outbox"
    )
    return work, attempts, error, given_up


def everything(world: World) -> list[object]:
    tables = ("syncs", "transitions", "holds", "findings", "emails", "outbox", "roster_students")
    return [world.rows(f"SELECT * FROM {table}") for table in tables]


def comes_to(world: World, work: str) -> int:
    """Let a shrunk town be synced, step by step, up to some work; gives its row."""
    if work == "resume":
        world.town = world.town.leave(*SHRUNK)
    world.starts()
    for _ in range(6):
        ((work_id, name, _),) = world.work_left()
        if name == work:
            return work_id
        world.works(work_id, goes_on=False)
        if world.is_held():
            mail_id = world.work_left()[0][0]
            world.works(mail_id)
            world.looks()
            world.answers_everything()
    raise AssertionError(f"never came to {work}")


@pytest.mark.parametrize("work", ["fetch", "evaluate", "apply", "resume"])
def test_a_step_done_twice_is_done_once(world: World, work: str):
    work_id = comes_to(world, work)
    world.works(work_id, goes_on=False)
    after = everything(world)
    world.works(work_id, goes_on=False)
    assert everything(world) == after


def test_a_mail_done_twice_is_sent_once(world: World):
    world.town = world.town.leave(*SHRUNK)
    world.starts()
    world.delivers()
    mail_id = world.work_left()[0][0]
    world.works(mail_id)
    world.works(mail_id)
    assert list(world.post.taken.values()) == [1]


def test_a_worker_does_all_steps_by_itself_while_its_time_lasts(world: World):
    world.starts()
    rung = world.bell.rung
    world.delivers()
    assert state(world) == "completed"
    assert world.bell.rung == rung


def test_a_worker_whose_time_is_over_leaves_the_next_step_to_a_message(world: World):
    world.starts()
    world.delivers(goes_on=False)
    assert state(world) == "running.evaluating"
    assert [message.work for message in world.bell.waiting] == ["evaluate"]


def test_a_step_that_fails_is_tried_again_later_with_its_error(world: World):
    world.clever.surprises = 1
    world.starts()
    work_id = world.bell.waiting[0][0]
    world.delivers()
    assert row(world) == ("fetch", 1, "ClosedForRepairsError: somebody pulled the plug", None)
    world.works(work_id)
    assert row(world)[1] == 1, "it was not due"
    world.clock.passes(claims.FIRST_RETRY_S)
    world.works(work_id)
    assert state(world) == "completed"


def test_waits_between_tries_double(world: World):
    world.clever.surprises = 3
    world.starts()
    work_id = world.bell.waiting[0][0]
    for tries in (1, 2, 3):
        world.works(work_id)
        ((due_at,),) = world.rows("SELECT due_at FROM outbox")
        longest = claims.FIRST_RETRY_S * 2 ** (tries - 1)
        latest = world.clock.now.replace(tzinfo=None).isoformat(" ")
        assert due_at > latest
        world.clock.passes(longest)
        assert due_at <= world.clock.now.replace(tzinfo=None).isoformat(" ", "microseconds")
    world.works(work_id)
    assert state(world) == "completed"


def test_a_step_that_fails_too_often_fails_the_sync_and_says_why(world: World):
    world.clever.surprises = 99
    world.starts()
    for _ in range(claims.MAX_FAILURES):
        world.sweeps()
        while world.bell.waiting:
            world.delivers()
        world.clock.passes(claims.LONGEST_RETRY_S)
    assert world.rows("SELECT state, failure FROM syncs WHERE failure IS NOT NULL") == [
        ("failed", "ClosedForRepairsError: somebody pulled the plug")
    ]
    assert world.work_left() == []


def test_a_snapshot_that_is_lost_fails_the_sync_at_once(world: World):
    world.starts()
    world.delivers(goes_on=False)
    world.store.delete_tree("01K0000000000000000000TOWN")
    world.delivers()
    assert state(world) == "failed"


def test_a_step_that_kills_its_worker_each_time_ends_as_a_failed_sync(world: World):
    world.starts()
    work_id = world.bell.waiting[0][0]
    for _ in range(claims.MAX_DEATHS):
        assert world.dies(lambda: world.works(work_id), 1, step="fetch")
        world.clock.passes(21)
    world.works(work_id)
    assert state(world) == "failed"


def test_work_of_a_cancelled_sync_is_dropped(world: World):
    world.starts()
    world.cancels()
    world.delivers()
    assert state(world) == "cancelled"
    assert world.work_left() == []


def test_a_worker_that_is_late_by_a_cancel_changes_nothing(world: World):
    world.starts()
    work_id = world.bell.waiting[0][0]
    world.freezes(lambda: world.works(work_id), 15, seconds=1, meanwhile=world.cancels)
    assert state(world) == "cancelled"
    Inspector(world).looks()


def test_a_worker_frozen_beyond_its_lease_is_overtaken_and_changes_nothing(world: World):
    world.town = world.town.leave(*SHRUNK)
    world.starts()
    work_id = world.bell.waiting[0][0]
    world.freezes(
        lambda: world.works(work_id), 12, seconds=21, meanwhile=lambda: world.works(work_id)
    )
    assert world.mishaps.struck
    assert state(world) == "on_hold.data_removals"
    Inspector(world).looks()
    world.looks()
    world.answers_everything()
    world.calms_down()
    assert state(world) == "completed"
