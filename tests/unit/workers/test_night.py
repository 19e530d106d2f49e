"""A night of many districts, and two schedulers of which one dies: each slot fires once."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa
from doubles.doorbell import LooseDoorbell
from doubles.mishaps import Mishaps, WorkerKilledError

from rosterhold.adapters.database import districts, schedules
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.schedule_tables import schedules as table
from rosterhold.adapters.database.tables import districts as district_table
from rosterhold.adapters.database.tables import fired, syncs
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services
from rosterhold.workers import scheduler

DISTRICTS = 40
DIES_AT = 12
HOURS_A_TICK = 4


@pytest.fixture
def services(database: Database) -> Services:
    bell = cast("Any", LooseDoorbell(Mishaps()))
    return Services(settings=Settings(), database=database, doorbell=bell)


def add(services: Services, numbers: range) -> list[str]:
    with services.database.transaction() as tx:
        return [
            districts.add(tx, clever_id=f"{number:024}", name=f"District {number}", emails=[])
            for number in numbers
        ]


@contextmanager
def statements(services: Services, note: Any) -> Iterator[None]:
    """Tell `note` of each statement before it is sent."""

    def listen(*given: Any) -> None:
        if not given[2].startswith("BEGIN"):
            note(given[2])

    sa.event.listen(services.database.engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        sa.event.remove(services.database.engine, "before_cursor_execute", listen)


def test_each_slot_of_a_night_fires_once_though_a_scheduler_dies_in_the_middle(services):
    ids = add(services, range(DISTRICTS))
    used, begin = itertools.count(1), threading.Barrier(2)
    with services.database.reading() as conn:
        first = conn.execute(sa.select(sa.func.min(table.c.next_due_at))).scalar_one()
    # 24 hours in which each district has one slot: they lie on whole minutes.
    night = [first + timedelta(hours=hour, minutes=-1) for hour in range(0, 25, HOURS_A_TICK)]

    def dies_once(statement: str) -> None:
        # Within the transaction: the slot has been moved, and the sync is not there.
        if "INSERT INTO syncs" in statement and next(used) == DIES_AT:
            raise WorkerKilledError

    def ticks() -> None:
        begin.wait()
        with suppress(WorkerKilledError):
            for now in night:
                scheduler.tick(services, now)

    schedulers = [threading.Thread(target=ticks) for _ in range(2)]
    with statements(services, dies_once):
        for one in schedulers:
            one.start()
        for one in schedulers:
            one.join()
    # Whoever comes after the killed one.
    scheduler.tick(services, night[-1])
    assert next(used) > DISTRICTS + 1
    with services.database.reading() as conn:
        assert sorted(conn.execute(sa.select(syncs.c.district_id)).scalars()) == sorted(ids)
        used_slots = sorted(conn.execute(sa.select(fired.c.schedule)).scalars())
        left = conn.execute(sa.select(sa.func.min(table.c.next_due_at))).scalar_one()
        assert schedules.due(conn, night[-1], limit=1) == []
    assert used_slots == sorted(f"nightly:{district_id}" for district_id in ids)
    assert left > night[-1]


def test_a_tick_with_nothing_due_is_one_query_however_many_districts_there_are(services):
    for more in (range(1), range(1, 20)):
        add(services, more)
        seen: list[str] = []
        with statements(services, seen.append):
            assert scheduler.tick(services) == 0
        assert len(seen) == 1, seen


def test_a_tick_reads_what_is_due_in_one_query(services):
    add(services, range(10))
    seen: list[str] = []
    with statements(services, seen.append):
        assert scheduler.tick(services, datetime.now(UTC) + timedelta(hours=25)) == 10
    assert sum("next_due_at <=" in statement for statement in seen) == 1


def test_in_a_long_tick_the_scheduler_says_that_it_lives(services, monkeypatch):
    monkeypatch.setattr(scheduler, "ALIVE_EVERY", 4)
    add(services, range(10))
    said: list[str] = []
    night = datetime.now(UTC) + timedelta(hours=25)
    assert scheduler.tick(services, night, alive=lambda: said.append("alive")) == 10
    assert said == ["alive"] * 2


def test_a_time_zone_that_is_not_known_here_keeps_no_other_district_waiting(services):
    first, *others = add(services, range(3))
    with services.database.transaction() as tx:
        own = district_table.c.id == first
        tx.conn.execute(sa.update(district_table).where(own).values(time_zone="Old/Name"))
        tx.conn.execute(
            sa.update(table).where(table.c.district_id == first).values(next_due_at=tx.now)
        )
    assert scheduler.tick(services, datetime.now(UTC) + timedelta(hours=25)) == len(others)
    with services.database.reading() as conn:
        assert sorted(conn.execute(sa.select(syncs.c.district_id)).scalars()) == sorted(others)
