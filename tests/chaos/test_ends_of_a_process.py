"""How worker processes begin, end and are taken over, each alone and in calm weather."""

import shutil
import time

import pytest

from chaos.calm import begin, clever_is_slow, completes, district, leased, rests, seen, until
from chaos.crew import CLOCKS_S
from chaos.storm import Storm
from rosterhold.adapters import destination, layout
from rosterhold.adapters.database import decisions, engine
from rosterhold.statemachine.decisions import Action

pytestmark = pytest.mark.chaos

PROCESSES = 2 * len(CLOCKS_S)


@pytest.fixture(autouse=True)
def nothing_is_left(town: Storm):
    yield
    town.simulator.world.heal()


def test_the_work_of_killed_processes_is_taken_over_and_their_siblings_go_on(town: Storm):
    until(town, lambda: len(town.crew.pids()) == PROCESSES)
    clever_is_slow(town, 22.0)
    sync_ids = [begin(town, number) for number in range(1, 8)]
    until(town, lambda: len(leased(town)) == len(sync_ids))
    before = leased(town)
    alive = town.crew.kill_the_first_unit_and_one_process_of_the_last()
    town.simulator.world.heal()
    until(
        town, lambda: any(epoch > before.get(work, epoch) for work, epoch in leased(town).items())
    )
    for sync_id in sync_ids:
        completes(town, sync_id)
    until(town, lambda: len(town.crew.pids()) == PROCESSES)
    assert alive <= set(town.crew.pids())


def test_a_machine_whose_clock_is_minutes_ahead_takes_over_nobodys_work(town: Storm):
    assert max(CLOCKS_S) > engine.LEASE.total_seconds()
    clever_is_slow(town, 3.0, times=8)
    sync_ids = [begin(town, number) for number in range(4)]
    epochs: set[int] = set()

    def are_complete() -> bool:
        epochs.update(leased(town).values())
        return all(seen(town, sync_id).state == "completed" for sync_id in sync_ids)

    until(town, are_complete)
    assert epochs == {1}


def test_workers_told_to_stop_lose_no_step_and_leave_none_claimed(town: Storm):
    clever_is_slow(town, 1.0)
    sync_ids = [begin(town, number) for number in (1, 2, 3, 4)]
    until(town, lambda: len(leased(town)) >= 2)
    town.crew.stop()
    assert town.crew.codes() == [0, 0]
    assert leased(town) == {}
    town.simulator.world.heal()
    town.new_crew()
    for sync_id in sync_ids:
        completes(town, sync_id)


def test_workers_that_start_before_their_servers_wait_and_go_on(town: Storm):
    town.crew.stop()
    town.postgres.stop()
    town.valkey.stop()
    told = town.crew.log_path.stat().st_size
    town.new_crew()

    def said() -> str:
        return town.crew.log_path.read_bytes()[told:].decode()

    until(town, lambda: "the database is away; the sweep waits" in said())
    time.sleep(2)
    town.postgres.start()
    town.valkey.start()
    until(town, lambda: "the database is back" in said())
    completes(town, begin(town, 5))
    assert said().count("the database is away; the sweep waits") <= 4


def test_a_lost_baseline_ends_in_a_failed_sync_that_applied_nothing(town: Storm):
    completes(town, begin(town, 7))
    row = district(town, 7)
    with town.services.database.reading() as conn:
        before = destination.active_counts(conn, row.id)
    assert row.baseline_sync_id is not None
    lost = town.folder / "snapshots" / layout.fetch_prefix(row.id, row.baseline_sync_id, 1)
    shutil.rmtree(lost)
    town.simulator.world.change("add-students", row.clever_id, count=2)
    sync_id = begin(town, 7)
    until(town, lambda: seen(town, sync_id).finished_at is not None)
    sync = seen(town, sync_id)
    assert sync.state == "failed"
    assert sync.failure is not None
    assert sync.failure.startswith("a file of the snapshot store is lost, and nothing was applied")
    with town.services.database.reading() as conn:
        assert destination.active_counts(conn, row.id) == before


def test_a_lost_file_of_an_evaluation_fails_the_sync_when_it_is_asked_for(town: Storm):
    completes(town, begin(town, 0))
    row = district(town, 0)
    town.simulator.world.change("remove-students", row.clever_id, share=0.6)
    sync_id = begin(town, 0)
    rests(town, sync_id, "on_hold.data_removals")
    hold = town.people.page(sync_id)
    assert hold is not None
    number = hold.reasons[0].evaluation_no
    shutil.rmtree(
        town.folder / "snapshots" / layout.evaluation_prefix(row.id, sync_id, number) / "subjects"
    )
    decided = decisions.decide(
        town.services.database,
        town.services.store,
        sync_id=sync_id,
        action=Action.CONFIRM,
        digest=hold.digest,
        person=decisions.Person("person@example.org", "a test"),
    )
    assert isinstance(decided, decisions.Decided)
    town.services.doorbell.ring(decided.work)
    until(town, lambda: seen(town, sync_id).finished_at is not None)
    assert seen(town, sync_id).state == "failed"
    with town.services.database.reading() as conn:
        students = destination.active_counts(conn, row.id)["students"]
    shared = len(town.simulator.world.districts[row.clever_id].ids_of("student"))
    assert students > shared
