from doubles.world import World

from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import Work
from rosterhold.workers.fetch import fetch
from rosterhold.workers.runner import STEPS, Runner
from rosterhold.workers.step import Follow


def test_a_lost_message_is_rung_for_again(world: World):
    world.starts()
    world.loses()
    world.clock.passes(1)
    world.sweeps()
    assert [message.work for message in world.bell.waiting] == ["fetch"]


def test_a_message_just_sent_is_trusted_for_a_while(world: World):
    world.starts()
    world.loses()
    world.clock.passes(1)
    world.sweeps()
    world.loses()
    world.sweeps()
    assert world.bell.waiting == []
    world.clock.passes(6)
    world.sweeps()
    assert len(world.bell.waiting) == 1


def test_a_queue_that_holds_messages_is_not_made_longer(world: World):
    world.starts()
    world.clock.passes(19)
    world.sweeps()
    assert len(world.bell.waiting) == 1
    world.clock.passes(2)
    world.sweeps()
    assert len(world.bell.waiting) == 2


def test_work_of_a_dead_worker_is_rung_for_at_once_however_full_the_queue_is(world: World):
    world.starts()
    world.dies(lambda: world.delivers(twice=True), 15)
    assert len(world.bell.waiting) == 1
    world.clock.passes(16)
    world.sweeps()
    assert len(world.bell.waiting) == 2


def test_work_that_somebody_is_at_is_left_alone(world: World):
    world.starts()
    world.clock.passes(1)
    work_id = world.bell.waiting[0][0]
    found: list[int] = []

    def meanwhile() -> None:
        world.bell.waiting.clear()
        world.sweeps()
        found.append(len(world.bell.waiting))

    world.freezes(lambda: world.works(work_id), 12, seconds=1, meanwhile=meanwhile)
    assert found == [0]


def test_work_of_a_dead_worker_is_rung_for_when_its_lease_is_over(world: World):
    world.starts()
    world.dies(world.delivers, 15)
    world.sweeps()
    assert world.bell.waiting == []
    world.clock.passes(21)
    world.sweeps()
    assert len(world.bell.waiting) == 1


def test_without_a_doorbell_the_sweep_does_the_work_itself(world: World):
    world.bell.away = True
    world.starts()
    world.clock.passes(1)
    world.sweeps()
    assert world.rows("SELECT state FROM syncs") == [("completed",)] * 2


def test_an_emptied_queue_is_rung_full_again_at_once(world: World):
    world.sweeps()
    world.starts()
    world.clock.passes(1)
    world.sweeps()
    world.bell.is_emptied()
    world.sweeps()
    assert [message.work for message in world.bell.waiting] == ["fetch"]


def dies_while_it_fetches(world: World) -> int:
    """A worker of a sync that was just started; gives what it was at, whose lease is over."""
    world.starts()
    world.dies(world.delivers, 15)
    ((left,),) = world.rows("SELECT id FROM outbox WHERE work = 'fetch'")
    world.clock.passes(21)
    return int(left)


def test_what_a_dead_worker_left_is_done_before_what_the_next_message_asks_for(world: World):
    left = dies_while_it_fetches(world)
    world.sweeps()
    world.loses()
    world.works(work_id=left + 1_000)
    assert world.rows("SELECT id FROM outbox WHERE id = ?", left) == []
    assert world.rows("SELECT state FROM syncs") == [("completed",)] * 2


def test_what_a_dead_worker_left_is_still_done_first_when_the_next_one_dies_too(world: World):
    left = dies_while_it_fetches(world)
    world.sweeps()
    world.employs(STEPS)
    world.sweeps()
    world.works(work_id=left + 1_000)
    assert world.rows("SELECT id FROM outbox WHERE id = ?", left) == []


def is_told_to_stop_while_it_fetches(world: World) -> None:
    def fetches(services: Services, claim: Claim, sync: SyncRow) -> Follow:
        runner.stop()
        return fetch(services, claim, sync)

    runner = Runner(world.services, {**STEPS, Work.FETCH: fetches})
    message = world.bell.take(0)
    assert message is not None
    with world.clever.stands_in():
        runner.work(message[0])


def test_what_a_stopping_worker_handed_back_is_done_first(world: World):
    world.starts()
    is_told_to_stop_while_it_fetches(world)
    ((left,),) = world.rows("SELECT id FROM outbox WHERE work = 'evaluate'")
    world.employs(STEPS)
    world.clock.passes(1)
    world.sweeps()
    world.works(work_id=left + 1_000)
    assert world.rows("SELECT state FROM syncs") == [("completed",)] * 2


def test_work_that_failed_waits_its_turn(world: World):
    world.clever.surprises = 1
    world.starts()
    world.delivers()
    world.clock.passes(60)
    world.sweeps()
    world.works(work_id=1_000)
    assert world.rows("SELECT state FROM syncs ORDER BY started_at DESC LIMIT 1") == [
        ("running.fetching",)
    ]
