"""Statements of several threads in one transaction: to each of them as if it had gone alone."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import connections, group_commit
from rosterhold.adapters.database.group_commit import GroupCommit
from rosterhold.adapters.database.straight import Straight

GATE = "SELECT pg_advisory_xact_lock(7)"
WRITE = "INSERT INTO notes (n) VALUES (%(n)s) RETURNING n, pg_current_xact_id()::text"
LONG = 60.0


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    made = connections.postgres(sa.make_url(postgres_url).set(drivername="postgresql+psycopg"))
    with made.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE notes (n int PRIMARY KEY)")
    yield made
    made.dispose()


@pytest.fixture
def commits(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[GroupCommit]:
    # Here nobody loses patience, however slow the machine is.
    monkeypatch.setattr(group_commit, "PATIENCE_S", LONG)
    made = GroupCommit(Straight(engine))
    yield made
    made.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as made:
        yield made


@contextmanager
def one_on_its_way(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
) -> Iterator[None]:
    """While the block lasts a statement is on its way, and what comes has to wait for it."""
    with engine.begin() as conn:
        conn.exec_driver_sql(GATE)
        held = threads.submit(commits.execute, GATE, {})
        until(lambda: waits_for_a_lock(engine))
        yield
    held.result()


def until(comes_true: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if comes_true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come true")


def waits_for_a_lock(engine: sa.Engine) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    with engine.connect() as conn:
        return bool(conn.exec_driver_sql(waiting).scalar_one())


def together(
    engine: sa.Engine,
    commits: GroupCommit,
    threads: ThreadPoolExecutor,
    statements: list[tuple[str, dict[str, Any]]],
) -> list[Future[Any]]:
    """Statements of as many threads, which have to go together, in this order."""
    asked = []
    with one_on_its_way(engine, commits, threads):
        for place, (sql, parameters) in enumerate(statements, start=1):
            asked.append(threads.submit(commits.execute, sql, parameters))
            until(lambda place=place: commits.waiting == place)  # type: ignore[misc]
    return asked


def writes(*numbers: int) -> list[tuple[str, dict[str, Any]]]:
    return [(WRITE, {"n": n}) for n in numbers]


def written(engine: sa.Engine) -> list[int]:
    with engine.connect() as conn:
        return list(conn.exec_driver_sql("SELECT n FROM notes ORDER BY n").scalars())


def test_what_waited_at_the_same_time_is_one_transaction_and_each_has_its_own_answer(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    asked = together(engine, commits, threads, writes(*range(10)))
    answers = [one.result() for one in asked]
    assert [n for n, _ in answers] == list(range(10))
    assert len({transaction for _, transaction in answers}) == 1


def test_more_than_may_go_together_go_in_turn(
    engine: sa.Engine,
    commits: GroupCommit,
    threads: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(group_commit, "TOGETHER", 4)
    asked = together(engine, commits, threads, writes(*range(10)))
    transactions = [one.result()[1] for one in asked]
    assert sorted(transactions.count(one) for one in set(transactions)) == [2, 4, 4]


def test_a_statement_alone_waits_for_nobody(engine: sa.Engine, commits: GroupCommit):
    first, second = (commits.execute(*one) for one in writes(1, 2))
    assert first is not None
    assert second is not None
    assert first[1] != second[1]
    assert written(engine) == [1, 2]


@pytest.mark.parametrize("at_fault", range(4))
def test_of_what_went_together_only_the_one_at_fault_is_refused(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor, at_fault: int
):
    statements = writes(0, 1, 2, 3)
    statements[at_fault] = ("SELECT 1 / %(n)s::int", {"n": 0})
    asked = together(engine, commits, threads, statements)
    with pytest.raises(sa.exc.DataError):
        asked.pop(at_fault).result()
    assert sorted(one.result()[0] for one in asked) == written(engine)
    assert len(written(engine)) == 3


def test_a_statement_that_nobody_can_prepare_is_refused_alone(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    statements = [*writes(0, 1), ("SELECT nothing", {})]
    *well, wrong = together(engine, commits, threads, statements)
    with pytest.raises(sa.exc.ProgrammingError):
        wrong.result()
    assert [one.result()[0] for one in well] == written(engine) == [0, 1]


def test_two_that_write_the_same_are_done_once(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    asked = together(engine, commits, threads, writes(5, 5, 6))
    refused = [one for one in asked if isinstance(one.exception(), sa.exc.IntegrityError)]
    assert len(refused) == 1
    assert written(engine) == [5, 6]


def test_what_the_commit_refuses_is_refused_to_the_one_at_fault(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    with engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF NEW.n < 0 THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; END $$"
        )
        conn.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    first, wrong, last = together(engine, commits, threads, writes(1, -1, 2))
    assert (first.result()[0], last.result()[0]) == (1, 2)
    with pytest.raises(sa.exc.DBAPIError):
        wrong.result()
    assert written(engine) == [1, 2]


def test_a_lock_that_one_has_to_wait_for_does_not_keep_the_others(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    commits.execute(*writes(1)[0])
    with engine.begin() as conn:
        conn.exec_driver_sql("SELECT n FROM notes WHERE n = 1 FOR UPDATE")
        change = ("UPDATE notes SET n = 10 WHERE n = 1 RETURNING n", {})
        waits, *others = together(engine, commits, threads, [change, *writes(2, 3)])
        assert [one.result(LONG)[0] for one in others] == [2, 3]
        assert not waits.done()
    assert waits.result(LONG) == (10,)


def test_who_has_waited_for_long_leads_the_others(
    engine: sa.Engine,
    commits: GroupCommit,
    threads: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(group_commit, "PATIENCE_S", 0.1)
    with one_on_its_way(engine, commits, threads):
        for n in range(3):
            asked = [threads.submit(commits.execute, *one) for one in writes(2 * n, 2 * n + 1)]
            assert len({one.result(LONG)[0] for one in asked}) == 2
    assert commits.execute("SELECT 1", {}) == (1,)
    assert written(engine) == list(range(6))


def test_a_connection_that_is_lost_is_lost_for_all_that_used_it_and_for_none_after_them(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    end = ("SELECT pg_terminate_backend(pg_backend_pid())", {})
    asked = together(engine, commits, threads, [*writes(1), end, *writes(2)])
    for one in asked:
        with pytest.raises(sa.exc.OperationalError) as raised:
            one.result()
        assert raised.value.connection_invalidated
    assert written(engine) == []
    assert commits.execute(*writes(3)[0]) is not None


class Interrupted(dict[str, object]):
    """Parameters in whose midst Ctrl-C comes."""

    def __missing__(self, _name: str) -> object:
        raise KeyboardInterrupt


def test_who_went_with_one_that_was_interrupted_learns_that_it_is_lost(
    engine: sa.Engine, commits: GroupCommit, threads: ThreadPoolExecutor
):
    statements = [("SELECT %(given)s::text", Interrupted()), *writes(1)]
    interrupted, other = together(engine, commits, threads, statements)
    assert isinstance(interrupted.exception(), KeyboardInterrupt)
    assert isinstance(other.exception(), sa.exc.OperationalError)
    assert commits.execute("SELECT 1", {}) == (1,)


def test_many_threads_have_all_of_theirs_done_once(engine: sa.Engine, commits: GroupCommit):
    everybody = threading.Barrier(12)

    def work(first: int) -> None:
        everybody.wait()
        for n in range(first, first + 40):
            assert (commits.execute(WRITE, {"n": n}) or ())[0] == n

    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(work, place * 40) for place in range(12)]:
            done.result()
    assert written(engine) == list(range(480))
