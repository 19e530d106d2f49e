"""What becomes of a step when its process stops or dies in the middle of it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from doubles.installation import installation

from rosterhold.adapters.database import claims, decisions, districts
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.transitions import Cause
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import Work
from rosterhold.workers import pool as pool_module
from rosterhold.workers.pool import WorkerPool
from rosterhold.workers.slate import Entry, Slate
from rosterhold.workers.sweep import somebody_works
from rosterhold.workers.under_way import free_what_the_dead_left

PATIENCE_S = 60


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    with installation(database_url, tmp_path) as built:
        yield built


@pytest.fixture
def work_id(services: Services) -> int:
    """The first step of a sync that was just started."""
    with services.database.transaction() as tx:
        district_id = districts.add(tx, clever_id="c1", name="Anytown", emails=["a@example.org"])
    started = decisions.start(services.database, district_id, trigger="test", cause=Cause("a test"))
    assert isinstance(started, decisions.Started)
    return started.work[0].work_id


@pytest.fixture
def slow() -> Iterator[SimpleNamespace]:
    """A step that lasts until it may end."""
    step = SimpleNamespace(begun=threading.Event(), may_end=threading.Event())

    def lasts(*_: object) -> tuple[()]:
        step.begun.set()
        assert step.may_end.wait(PATIENCE_S)
        return ()

    step.steps = {Work.FETCH: lasts}
    yield step
    step.may_end.set()


def row(services: Services) -> sa.Row:
    with services.database.reading() as conn:
        return conn.execute(sa.select(outbox)).one()


def test_a_process_that_has_begun_is_seen_by_others(services):
    with WorkerPool(services):
        assert somebody_works(services)
    assert not somebody_works(services)


def test_a_step_that_takes_too_long_to_stop_for_is_handed_back(
    services, work_id, slow, monkeypatch
):
    monkeypatch.setattr(pool_module, "FINISH_WITHIN_S", 0.2)
    with WorkerPool(services, steps=slow.steps):
        assert slow.begun.wait(PATIENCE_S)
        assert row(services).leased_until is not None
    assert (row(services).leased_until, row(services).attempts) == (None, 0)
    assert claims.claim(services.database, work_id) is not None


def test_a_step_that_ends_in_time_is_not_handed_back(services, work_id, slow):
    slow.may_end.set()
    with WorkerPool(services, steps=slow.steps):
        assert slow.begun.wait(PATIENCE_S)
    assert row(services).attempts == 1


def test_what_a_process_is_at_is_noted_for_who_takes_its_place(services, work_id, slow):
    slate = Slate()
    with WorkerPool(services, slate=slate, steps=slow.steps):
        assert slow.begun.wait(PATIENCE_S)
        assert slate.read() == [Entry(work_id, epoch=1, deaths=0)]
        slow.may_end.set()
    assert slate.read() == []


def test_what_a_dead_process_left_is_begun_at_once_by_one_that_has_nothing_to_do(
    services, work_id, slow
):
    assert claims.claim(services.database, work_id) is not None
    with services.database.transaction() as tx:
        # Its message seems to be on its way for long still.
        gone = {"leased_until": tx.now - timedelta(1), "sent_at": tx.now + timedelta(1)}
        tx.conn.execute(sa.update(outbox).values(gone))
    with WorkerPool(services, steps=slow.steps):
        assert slow.begun.wait(PATIENCE_S)
        slow.may_end.set()


def left_by_the_dead(claim: claims.Claim) -> Slate:
    slate = Slate()
    slate.write(Entry(claim.work_id, claim.epoch, claim.deaths))
    return slate


def test_work_of_a_dead_process_is_free_soon_and_its_try_counts(services, work_id):
    claim = claims.claim(services.database, work_id)
    assert claim is not None
    free_what_the_dead_left(services, [left_by_the_dead(claim)])
    free = row(services)
    assert (free.leased_until, free.attempts) == (None, 1)
    with services.database.reading() as conn:
        wait = free.due_at - services.database.now(conn)
    assert wait.total_seconds() <= 0.5


def test_work_that_kills_its_process_again_and_again_is_free_later_and_later(services, work_id):
    claim = claims.claim(services.database, work_id)
    slate = Slate()
    slate.write(Entry(work_id, claim.epoch, deaths=3))
    with services.database.reading() as conn:
        before = services.database.now(conn)
    free_what_the_dead_left(services, [slate])
    assert (row(services).due_at - before).total_seconds() >= 4


def test_work_that_another_has_taken_over_stays_his(services, work_id):
    claim = claims.claim(services.database, work_id)
    with services.database.transaction() as tx:
        claims.hand_back(tx, claim)
    assert claims.claim(services.database, work_id) is not None
    free_what_the_dead_left(services, [left_by_the_dead(claim)])
    assert row(services).leased_until is not None


def test_a_slate_that_is_full_notes_no_more_and_goes_on():
    slate = Slate()
    places = [slate.write(Entry(number, 1, 0)) for number in range(1, 200)]
    assert places[-1] is None
    slate.wipe(places[-1])
    slate.wipe(places[0])
    assert slate.write(Entry(500, 1, 0)) == places[0]
