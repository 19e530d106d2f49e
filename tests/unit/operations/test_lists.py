"""What operators look at, over all districts."""

import os
import socket
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from doubles.crowd import Crowd

from rosterhold.adapters.database import (
    census,
    claims,
    district_lines,
    operation_tables,
    operations,
    outbox,
    processes,
    tables,
    waits,
)
from rosterhold.adapters.database.district_lines import Show, Sort
from rosterhold.adapters.database.operations import PAGE_SIZE
from rosterhold.statemachine.chart import Work


@pytest.fixture
def crowd(database):
    return Crowd(database)


def lines(database, **wanted):
    with database.reading() as conn:
        return district_lines.district_lines(conn, **wanted)


def names(database, **wanted):
    return [line.name for line in lines(database, **wanted)[0]]


def test_held_districts_come_first_those_with_most_people_at_stake_above(database, crowd):
    crowd.district("Small hold", "on_hold.data_removals", students=5)
    crowd.district("Done", "completed")
    crowd.district("Large hold", "on_hold.data_removals", students=500)
    crowd.district("Lost", "on_hold.disconnected")
    assert names(database) == ["Large hold", "Small hold", "Lost", "Done"]


def test_the_same_people_found_by_several_rules_are_counted_once(database, crowd):
    crowd.district("Anytown", "on_hold.data_removals", students=40)
    crowd.finds_again("Anytown", "people_removed", 40)
    [line], _ = lines(database)
    assert (line.people, line.records) == (40, 40)


@pytest.mark.parametrize(
    ("sort", "expected"), [(Sort.AGE, ["Old", "New"]), (Sort.NAME, ["New", "Old"])]
)
def test_held_districts_are_sorted_by_age_or_name(database, crowd, sort, expected):
    crowd.district("New", "on_hold.data_removals", students=9, held_days=1)
    crowd.district("Old", "on_hold.data_removals", students=5, held_days=9)
    assert names(database, sort=sort) == expected


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (
            Show.HELD,
            {"on_hold.data_removals", "on_hold.disconnected", "on_hold.data_configuration"},
        ),
        (Show.DISCONNECTED, {"on_hold.disconnected"}),
        (
            Show.RUNNING,
            {"running.fetching", "running.evaluating", "running.applying", "resumed"},
        ),
        (Show.FAILED, {"failed"}),
        (Show.NEVER, {None}),
    ],
)
def test_districts_are_shown_by_the_state_of_their_last_sync(database, crowd, show, expected):
    crowd.in_all_states()
    assert {line.state for line in lines(database, show=show)[0]} == expected


def test_only_the_last_sync_of_a_district_counts(database, crowd):
    crowd.district("Anytown", "failed")
    crowd.sync("Anytown", "completed", started_hours_ago=0)
    assert names(database, show=Show.FAILED) == []
    assert names(database, show=Show.COMPLETED) == ["Anytown"]


@pytest.mark.parametrize("words", ["PRAIRIE", "clever-Prairie Unified", "unified"])
def test_districts_are_found_by_a_part_of_the_name_or_an_id(database, crowd, words):
    crowd.district("Prairie Unified", "completed")
    crowd.district("Harbor Union", "completed")
    assert names(database, search=words) == ["Prairie Unified"]


def test_what_a_search_says_is_not_a_pattern(database, crowd):
    crowd.district("Prairie Unified", "completed")
    assert names(database, search="%") == []


def test_a_page_has_its_part_and_all_are_counted(database, crowd):
    for number in range(PAGE_SIZE + 1):
        crowd.district(f"District {number:03}", None)
    first, total = lines(database, sort=Sort.NAME)
    second, _ = lines(database, sort=Sort.NAME, page=2)
    assert (len(first), total) == (PAGE_SIZE, PAGE_SIZE + 1)
    assert [line.name for line in second] == [f"District {PAGE_SIZE:03}"]


def test_work_that_was_given_up_or_fails_most_comes_first(database, crowd):
    crowd.district("Anytown", "running.fetching")
    crowd.work("Anytown", "email", failures=2)
    crowd.work("Anytown", "email", failures=7)
    crowd.work("Anytown", "email", given_up=True)
    crowd.work("Anytown", "fetch")
    with database.reading() as conn:
        found, total = operations.work_lines(conn, database.now(conn))
    assert [line.standing for line in found][:3] == ["given_up", "retrying", "retrying"]
    assert found[1].failures == 7
    assert total == len(found)


def test_trouble_is_what_fails_or_was_given_up(database, crowd):
    crowd.district("Anytown", None)
    crowd.work("Anytown", "fetch")
    crowd.work("Anytown", "email", failures=2)
    crowd.work("Anytown", "email", given_up=True)
    with database.reading() as conn:
        found, _ = operations.work_lines(conn, database.now(conn), stands=operations.TROUBLED)
    assert {line.standing for line in found} == {"retrying", "given_up"}


def test_what_is_in_work_tells_since_when_its_sync_is_so(database, crowd):
    crowd.district("Anytown", "running.fetching")
    crowd.work("Anytown", "fetch", leased=True, of_sync=True)
    with database.reading() as conn:
        now = database.now(conn)
        [one] = operations.doing(conn, now)
    assert (one.work, one.district_name) == ("fetch", "Anytown")
    assert now - one.since == pytest.approx(timedelta(hours=2), abs=timedelta(minutes=10))


def test_processes_that_live_are_listed(database):
    process_id = processes.beat(database, None, "worker")
    with database.reading() as conn:
        [one] = operations.living(conn, database.now(conn))
    assert (one.id, one.role) == (process_id, "worker")
    assert one.place == f"{socket.gethostname()}, {os.getpid()}"


@pytest.mark.parametrize(
    ("silent", "is_told"),
    [(timedelta(seconds=20), False), (timedelta(minutes=1), True), (timedelta(minutes=61), False)],
)
def test_a_process_that_took_no_leave_is_dead_for_an_hour(database, silent, is_told):
    process_id = processes.beat(database, None, "worker")
    processes.leave(database, processes.beat(database, None, "scheduler"))
    with database.transaction() as tx:
        own = tables.processes.c.id == process_id
        tx.conn.execute(sa.update(tables.processes).where(own).values(seen_at=tx.now - silent))
        found = processes.died(tx.conn, tx.now)
    assert [one.role for one in found] == (["worker"] if is_told else [])


def test_it_is_known_which_process_is_at_what_since_when(database, crowd):
    database.process_id = processes.beat(database, None, "worker")
    crowd.district("Anytown", "running.fetching")
    claim = claims.claim(database, crowd.work("Anytown", "email"))
    with database.transaction() as tx:
        tx.claim = msgspec.structs.replace(claim, goes_on=True)
        outbox.add(tx, Work.EVALUATE, district_id=claim.district_id, sync_id=None)
    with database.reading() as conn:
        now = database.now(conn)
        found = operations.doing(conn, now)
        assert {one.work for one in found} == {"email", "evaluate"}
        for one in found:
            assert (one.process_id, one.role) == (database.process_id, "worker")
            assert now - one.claimed_at < timedelta(minutes=1)
        since = min(one.claimed_at for one in found)
        assert operations.at_work(conn, now) == {database.process_id: (2, since)}


def test_the_longest_wait_of_an_hour_is_kept(database, crowd):
    crowd.district("Anytown", None)
    work_id = crowd.work("Anytown", "email")
    crowd.work("Anytown", "webhook", given_up=True)

    def waits_for(span):
        with database.transaction() as tx:
            tx.conn.execute(
                sa.update(tables.outbox)
                .where(tables.outbox.c.id == work_id)
                .values(due_at=tx.now - span)
            )
        waits.note(database)
        with database.reading() as conn:
            return waits.by_hour(conn, database.now(conn))

    waits_for(timedelta(minutes=10))
    found = waits_for(timedelta(minutes=1))
    assert {queue for _, queue in found} == {"email"}
    assert max(found.values()) == pytest.approx(600, abs=60)


def test_waits_of_long_ago_are_not_kept(database, crowd):
    with database.transaction() as tx:
        old = {"hour": 400_000, "queue": "email", "seconds": 5}
        tx.conn.execute(sa.insert(operation_tables.waits).values(old))
    crowd.district("Anytown", None)
    crowd.work("Anytown", "email")
    waits.note(database)
    with database.reading() as conn:
        kept = conn.execute(sa.select(operation_tables.waits.c.hour)).scalars()
        assert 400_000 not in set(kept)


def test_the_last_day_is_counted_by_the_hour(database, crowd):
    crowd.district("Anytown", "completed")
    crowd.district("Othertown", "failed")
    crowd.mail("Anytown", "sent")
    with database.reading() as conn:
        now = database.now(conn)
        ended = operations.syncs_by_hour(conn, now)
        mailed = operations.mails_by_hour(conn, now)
    hour = int((datetime.now(UTC) - timedelta(hours=1)).timestamp()) // 3600
    assert {name for _, name in ended} == {"completed", "failed"}
    assert all(abs(at - hour) <= 1 for at, _ in [*ended, *mailed])
    assert list(mailed.values()) == [1]


def test_why_districts_are_disconnected_is_told(database, crowd):
    crowd.district("Anytown", "on_hold.disconnected")
    with database.reading() as conn:
        assert operations.disconnected_because(conn) == {"unreachable": 1}


def test_the_last_error_of_a_queue_is_of_what_failed_most(database, crowd):
    crowd.district("Anytown", None)
    crowd.work("Anytown", "email", failures=2, error="421 busy")
    crowd.work("Anytown", "email", failures=9, error="450 full")
    with database.reading() as conn:
        assert operations.last_errors(conn) == {"email": "450 full"}


@pytest.mark.parametrize("size", [10, 400])
def test_a_census_and_a_list_ask_as_often_however_many_districts_there_are(database, crowd, size):
    crowd.many(size)
    asked = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    census.take(database)
    lines(database)
    assert len([one for one in asked if one.lstrip().upper().startswith("SELECT")]) <= 9
