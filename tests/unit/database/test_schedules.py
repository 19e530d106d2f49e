"""Schedules in both databases: what is due, who uses it, and what a change of them does."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import districts, schedules
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.schedule_tables import schedules as table
from rosterhold.adapters.database.schedules import Due, ScheduleRow
from rosterhold.adapters.database.tables import fired
from rosterhold.statemachine.schedule import ScheduleError, nightly


class KilledError(Exception):
    pass


def of(database: Database, district_id: str) -> ScheduleRow:
    with database.reading() as conn:
        row = schedules.get(conn, district_id)
    assert row is not None
    return row


def due(database: Database, now: datetime | None = None, **page: object) -> list[Due]:
    with database.reading() as conn:
        moment = now or database.moment(conn)
        return list(schedules.due(conn, moment, **{"limit": 100, **page}))  # type: ignore[arg-type]


def use(database: Database, slot: Due) -> bool:
    with database.transaction() as tx:
        return schedules.use(tx, slot)


def make_due(database: Database, district_id: str, at: datetime) -> None:
    with database.transaction() as tx:
        own = table.c.district_id == district_id
        tx.conn.execute(sa.update(table).where(own).values(next_due_at=at))


@pytest.fixture
def overdue(database: Database, district_id: str) -> datetime:
    """A slot of two nights ago that nobody was there for."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    make_due(database, district_id, at)
    return at


def test_a_new_district_has_its_minute_of_the_night_and_is_not_due(database, district_id):
    row = of(database, district_id)
    assert row.cron == nightly(district_id)
    assert row.is_default
    assert row.next_due_at > datetime.now(UTC)
    assert due(database) == []


def test_a_district_can_be_made_due_sooner_and_never_later(database, district_id):
    half_an_hour = timedelta(minutes=30)
    with database.transaction() as tx:
        now = tx.now
        schedules.hasten(tx, district_id, half_an_hour)
    assert of(database, district_id).next_due_at <= now + half_an_hour
    make_due(database, district_id, now + timedelta(minutes=10))
    with database.transaction() as tx:
        schedules.hasten(tx, district_id, half_an_hour)
    assert of(database, district_id).next_due_at == now + timedelta(minutes=10)


def test_a_slot_that_has_come_is_found_by_the_databases_own_time(database, district_id, overdue):
    (slot,) = due(database)
    assert slot.row == of(database, district_id)
    assert slot.row.next_due_at == overdue
    assert abs(slot.now - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_slot_is_used_once_and_the_next_one_comes_after_now(database, district_id, overdue):
    (slot,) = due(database)
    assert [use(database, slot), use(database, slot)] == [True, False]
    assert of(database, district_id).next_due_at > slot.now
    assert due(database) == []
    with database.reading() as conn:
        assert conn.execute(sa.select(fired.c.due_at)).scalars().all() == [overdue]


def test_a_slot_that_the_release_before_used_is_not_used_again(database, district_id, overdue):
    with database.transaction() as tx:
        tx.conn.execute(sa.insert(fired).values(schedule=f"nightly:{district_id}", due_at=overdue))
    (slot,) = due(database)
    assert not use(database, slot)
    assert due(database) == []


def test_whoever_dies_in_the_middle_leaves_the_slot_to_others(database, overdue):
    (slot,) = due(database)

    def is_killed() -> None:
        with database.transaction() as tx:
            assert schedules.use(tx, slot)
            raise KilledError

    with pytest.raises(KilledError):
        is_killed()
    assert use(database, due(database)[0])


def test_nobody_waits_for_whoever_is_at_a_slot(database, overdue):
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    (slot,) = due(database)
    with database.transaction() as tx:
        assert schedules.use(tx, slot)
        assert not use(database, slot)


def test_only_the_newest_used_slot_is_remembered(database, district_id, overdue):
    assert use(database, due(database)[0])
    later = overdue + timedelta(days=1)
    make_due(database, district_id, later)
    assert use(database, due(database)[0])
    with database.reading() as conn:
        assert conn.execute(sa.select(fired.c.due_at)).scalars().all() == [later]


def test_a_slot_that_is_seen_in_a_blackout_starts_nothing(database, district_id, overdue):
    today = datetime.now(UTC)
    ranges = [f"{today - timedelta(days=1):%Y-%m-%d}..{today + timedelta(days=1):%Y-%m-%d}"]
    with database.transaction() as tx:
        schedules.put(tx, district_id, ranges=ranges)
    (slot,) = due(database)
    assert not use(database, slot)
    assert of(database, district_id).next_due_at > today + timedelta(days=1)


def test_another_expression_and_another_time_zone_move_what_is_due_next(database, district_id):
    with database.transaction() as tx:
        changed = schedules.put(tx, district_id, cron="0 12 * * *")
    assert changed == of(database, district_id)
    assert (changed.next_due_at.hour, changed.is_default) == (12, False)
    with database.transaction() as tx:
        districts.update(tx, district_id, {"time_zone": "Asia/Tokyo"})
    assert of(database, district_id).next_due_at.hour == 3
    with database.transaction() as tx:
        assert schedules.put(tx, district_id, cron="").is_default


def test_a_change_loses_no_slot_that_waits_for_the_scheduler(database, district_id, overdue):
    with database.transaction() as tx:
        assert schedules.put(tx, district_id, cron="0 12 * * *").next_due_at == overdue
    assert use(database, due(database)[0])
    assert of(database, district_id).next_due_at.hour == 12


def test_a_schedule_that_cannot_be_kept_changes_nothing(database, district_id):
    before = of(database, district_id)
    for wrong in ({"cron": "* * * * *"}, {"ranges": ["01-01..12-31"]}, {"ranges": ["summer"]}):
        with pytest.raises(ScheduleError), database.transaction() as tx:
            schedules.put(tx, district_id, **wrong)
    assert of(database, district_id) == before


def test_a_district_that_an_older_release_added_is_given_a_schedule(database, district_id):
    with database.transaction() as tx:
        tx.conn.execute(sa.delete(table))
    assert [schedules.complete(database), schedules.complete(database)] == [1, 0]
    assert of(database, district_id).is_default


def test_a_district_without_a_schedule_can_be_changed_and_has_one_then(database, district_id):
    with database.transaction() as tx:
        tx.conn.execute(sa.delete(table))
        districts.update(tx, district_id, {"time_zone": "Asia/Tokyo"})
    row = of(database, district_id)
    assert (row.time_zone, row.is_default) == ("Asia/Tokyo", True)
    with database.transaction() as tx:
        tx.conn.execute(sa.delete(table))
        assert schedules.put(tx, district_id, cron="0 12 * * *").next_due_at.hour == 3


def test_the_schedule_of_no_district_is_not_changed(database):
    with pytest.raises(LookupError), database.transaction() as tx:
        schedules.put(tx, "01NOBODY", cron="0 12 * * *")


def test_what_is_due_and_what_comes_is_read_page_by_page(database):
    now = datetime.now(UTC).replace(microsecond=0)
    with database.transaction() as tx:
        ids = [
            districts.add(tx, clever_id=f"{n:024}", name=f"District {n}", emails=[])
            for n in range(5)
        ]
    for district_id in ids:
        make_due(database, district_id, now - timedelta(hours=1))
    seen: list[str] = []
    after = None
    while batch := due(database, now, limit=2, after=after):
        seen += [slot.row.district_id for slot in batch]
        after = batch[-1].row.next_due_at, batch[-1].row.district_id
    assert seen == sorted(ids)
    with database.reading() as conn:
        first = schedules.upcoming(conn, limit=3)
        rest = schedules.upcoming(conn, limit=3, after=(first[-1].next_due_at, seen[2]))
    assert [row.district_id for row in [*first, *rest]] == sorted(ids)
