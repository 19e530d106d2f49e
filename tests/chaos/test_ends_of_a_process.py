"""How worker processes begin, end and are taken over, each alone and in calm weather."""

import shutil
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from chaos.storm import Storm
from rosterhold.adapters import destination, layout
from rosterhold.adapters.database import decisions, districts, views
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.views import SyncView
from rosterhold.statemachine.decisions import Action
from rosterhold.workers.entry import STOP_WITHIN_MS

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

TAKEN_OVER_WITHIN_S = 30.0


@pytest.fixture(autouse=True)
def nothing_is_left(town: Storm):
    yield
    town.simulator.world.heal()


def until(true: Callable[[], bool], within_s: float = 60.0) -> float:
    """Wait for it; returns how many seconds that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, "it did not come to that in time"
        time.sleep(0.05)
    return time.monotonic() - began


def district(town: Storm, number: int) -> districts.DistrictRow:
    with town.services.database.reading() as conn:
        return districts.every(conn)[number]


def begin(town: Storm, number: int) -> str:
    started = town.people.start(district(town, number).id)
    assert isinstance(started, decisions.Started)
    return started.sync_id


def seen(town: Storm, sync_id: str) -> SyncView:
    with town.services.database.reading() as conn:
        view = views.sync_view(conn, sync_id)
    assert view is not None
    return view


def completes(town: Storm, sync_id: str) -> float:
    return until(lambda: seen(town, sync_id).state == "completed")


def leased(town: Storm) -> list[tuple[int, int]]:
    """Work that somebody is at: ids and epochs."""
    with town.services.database.reading() as conn:
        now = town.services.database.now(conn)
        query = sa.select(outbox.c.id, outbox.c.epoch).where(outbox.c.leased_until > now)
        return [(row.id, row.epoch) for row in conn.execute(query)]


def clever_is_slow(town: Storm, seconds: float, times: int = 40) -> None:
    town.simulator.world.fail("slow", seconds=seconds, times=times, path="/users")


def test_the_work_of_killed_processes_is_taken_over_within_thirty_seconds(town: Storm):
    clever_is_slow(town, 4.0)
    sync_id = begin(town, 0)
    until(lambda: bool(leased(town)))
    ((work_id, epoch),) = leased(town)
    town.crew.kill_all()
    town.simulator.world.heal()
    taken_over = until(
        lambda: (work_id, epoch + 1) in leased(town) or seen(town, sync_id).version > 1
    )
    assert taken_over <= TAKEN_OVER_WITHIN_S
    completes(town, sync_id)


def test_a_process_that_dies_is_replaced_in_time_though_its_sibling_is_in_a_long_step(town: Storm):
    clever_is_slow(town, 60.0)
    sync_ids = [begin(town, number) for number in range(1, 8)]
    until(lambda: len(leased(town)) == len(sync_ids))
    before = dict(leased(town))
    town.crew.kill_one_of_each_unit()
    town.simulator.world.heal()
    taken_over = until(
        lambda: any(epoch > before[work] for work, epoch in leased(town) if work in before)
    )
    assert taken_over <= TAKEN_OVER_WITHIN_S
    for sync_id in sync_ids:
        completes(town, sync_id)


def test_workers_told_to_stop_lose_no_step_and_leave_none_claimed(town: Storm):
    clever_is_slow(town, 1.0)
    sync_ids = [begin(town, number) for number in (1, 2, 3, 4)]
    until(lambda: len(leased(town)) >= 2)
    took = town.crew.stop()
    assert took < STOP_WITHIN_MS / 1000
    assert town.crew.codes() == [0, 0]
    assert leased(town) == []
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

    until(lambda: "the database is away; the sweep waits" in said())
    time.sleep(2)
    town.postgres.start()
    town.valkey.start()
    until(lambda: "the database is back" in said())
    completes(town, begin(town, 5))
    assert said().count("the database is away; the sweep waits") <= 4


def test_a_database_that_refuses_to_write_is_waited_for(town: Storm):
    clever_is_slow(town, 1.0, times=4)
    sync_id = begin(town, 6)
    until(lambda: bool(leased(town)))
    town.postgres.read_only(on=True)
    time.sleep(4)
    town.postgres.read_only(on=False)
    completes(town, sync_id)


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
    until(lambda: seen(town, sync_id).finished_at is not None)
    sync = seen(town, sync_id)
    assert sync.state == "failed"
    assert sync.failure is not None
    assert sync.failure.startswith("a file of the snapshot store is lost, and nothing was applied")
    with town.services.database.reading() as conn:
        assert destination.active_counts(conn, row.id) == before


def test_a_lost_file_of_an_evaluation_fails_the_sync_when_it_is_asked_for(town: Storm):
    row = district(town, 0)
    town.simulator.world.change("remove-students", row.clever_id, share=0.6)
    sync_id = begin(town, 0)
    until(lambda: seen(town, sync_id).state == "on_hold.data_removals")
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
    until(lambda: seen(town, sync_id).finished_at is not None)
    assert seen(town, sync_id).state == "failed"
    with town.services.database.reading() as conn:
        students = destination.active_counts(conn, row.id)["students"]
    shared = len(town.simulator.world.districts[row.clever_id].ids_of("student"))
    assert students > shared
