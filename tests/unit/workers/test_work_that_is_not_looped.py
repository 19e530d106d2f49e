"""What a message and a dead worker may do to a piece of work, and where that ends."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from doubles.installation import installation

from rosterhold.adapters.database import claims, decisions, districts, outbox, views
from rosterhold.adapters.database.outbox import Queue
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.queue import LIFE_KEY
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import Work
from rosterhold.workers.hands import Hands
from rosterhold.workers.runner import Runner
from rosterhold.workers.sweep import Sweep

Begun = tuple[str, int]


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    with installation(database_url, tmp_path) as built:
        yield built


@pytest.fixture
def begun(services: Services) -> Begun:
    """A sync that was just started, and its first piece of work."""
    with services.database.transaction() as tx:
        district_id = districts.add(
            tx, clever_id="5a0c91b95c7cc000010d417c", name="Anytown", emails=["admin@example.org"]
        )
    started = decisions.start(services.database, district_id, trigger="test", cause=Cause("a test"))
    assert isinstance(started, decisions.Started)
    return started.sync_id, started.work[0][0]


@pytest.fixture
def sweep(services: Services) -> Sweep:
    return Sweep(services, Runner(services), role="worker")


def dies(services: Services, work_id: int) -> None:
    """A worker process takes the work and is never seen again."""
    assert claims.claim(services.database, work_id) is not None
    with services.database.transaction() as tx:
        late = {"leased_until": tx.now - timedelta(seconds=1)}
        tx.conn.execute(sa.update(outbox_table).where(outbox_table.c.id == work_id).values(late))


def found(services: Services, *, later_s: float = 1.0) -> list[int]:
    with services.database.reading() as conn:
        now = services.database.now(conn) + timedelta(seconds=later_s)
        return [one.work_id for one in outbox.idle(conn, now).unanswered]


def sends(services: Services, work_id: int) -> int:
    with services.database.reading() as conn:
        query = sa.select(outbox_table.c.sends).where(outbox_table.c.id == work_id)
        return conn.execute(query).scalar_one()


def test_a_step_that_kills_its_worker_each_time_ends_the_sync_as_failed(
    services: Services, begun: Begun
):
    sync_id, work_id = begun
    for _ in range(claims.MAX_DEATHS):
        dies(services, work_id)
    Runner(services, steps={}).work(work_id)
    with services.database.reading() as conn:
        sync = views.sync_view(conn, sync_id)
        assert sync is not None
        assert (sync.state, outbox.waiting(conn)) == ("failed", 0)
        assert sync.failure is not None
        assert sync.failure.startswith("the step was begun 25 times and never came to its end")
        assert views.history(conn, sync_id)[-1].event == "fail"


def test_a_step_that_killed_its_worker_a_few_times_is_tried_again(services: Services, begun: Begun):
    _, work_id = begun
    for _ in range(claims.MAX_DEATHS - 1):
        dies(services, work_id)
    done = []
    Runner(services, steps={Work.FETCH: lambda *_: done.append("fetched") or ()}).work(work_id)
    assert done == ["fetched"]


def test_work_of_a_dead_worker_is_sent_for_at_once(services: Services, begun: Begun):
    _, work_id = begun
    with services.database.transaction() as tx:
        for _ in range(5):
            outbox.mark_sent(tx, [work_id])
    dies(services, work_id)
    assert found(services) == [work_id]


def test_a_message_is_sent_again_within_thirty_seconds_however_often_it_was_lost(
    services: Services, begun: Begun
):
    _, work_id = begun
    with services.database.transaction() as tx:
        for _ in range(50):
            outbox.mark_sent(tx, [work_id])
    assert found(services, later_s=30) == [work_id]


def test_sweeps_that_find_the_same_work_count_its_message_once(services: Services, begun: Begun):
    _, work_id = begun
    with services.database.reading() as conn:
        both_look_at = services.database.now(conn)
    for _ in ("one process", "another process"):
        with services.database.transaction() as tx:
            outbox.mark_sent(tx, [work_id], found_at=both_look_at)
    assert sends(services, work_id) == 1


def test_all_messages_are_sent_again_when_the_queue_was_emptied(
    services: Services, begun: Begun, sweep: Sweep
):
    _, work_id = begun
    sweep.trust_no_lost_message()
    with services.database.transaction() as tx:
        outbox.mark_sent(tx, [work_id])
    sweep.trust_no_lost_message()
    assert found(services) == []
    services.broker.client.flushall()
    sweep.trust_no_lost_message()
    assert found(services) == [work_id]
    assert services.broker.client.exists(LIFE_KEY)


def test_without_a_queue_the_sweep_does_not_wait_for_the_step_it_begins(
    services: Services, begun: Begun
):
    _, work_id = begun
    step_begun, step_may_end = threading.Event(), threading.Event()

    def slow_step(*_: object) -> tuple[()]:
        step_begun.set()
        assert step_may_end.wait(10)
        return ()

    hands = Hands(Runner(services, steps={Work.FETCH: slow_step}))
    hands.take(work_id)
    assert step_begun.wait(10)
    hands.take(work_id)
    step_may_end.set()
    with services.database.reading() as conn:
        attempts = conn.execute(sa.select(outbox_table.c.attempts)).scalar_one()
    assert attempts == 1


@pytest.mark.parametrize(("queue", "takes"), [(Queue.URGENT, True), (Queue.EMAIL, False)])
def test_without_a_queue_a_process_takes_only_what_waits_where_it_works(
    services: Services, begun: Begun, queue: Queue, *, takes: bool
):
    _, work_id = begun
    services.broker.client.connection_pool.connection_kwargs["server"].connected = False
    with services.database.transaction() as tx:
        earlier = {"due_at": tx.now - timedelta(minutes=5)}
        tx.conn.execute(sa.update(outbox_table).values(earlier))
    taken: list[int] = []
    runner = Runner(services)
    Sweep(services, runner, role="worker", take=taken.append, queues=[queue]).once()
    assert taken == ([work_id] if takes else [])


def test_a_queue_that_is_away_is_not_taken_for_an_emptied_one(services: Services, begun: Begun):
    services.doorbell.remember()
    services.broker.client.connection_pool.connection_kwargs["server"].connected = False
    assert services.doorbell.was_emptied() is False
