"""What a process that stands still, or a server that restarts, may do to the others."""

import math
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import (
    claims,
    connections,
    decisions,
    districts,
    migrations,
    outbox,
)
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.straight import LENT, Straight
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.transitions import Cause


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database(postgres_url)
    migrations.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def work_id(database: Database) -> int:
    return begins_a_sync(database, "c1")


@pytest.fixture
def other_work_id(database: Database) -> int:
    return begins_a_sync(database, "c2")


def begins_a_sync(database: Database, clever_id: str) -> int:
    with database.transaction() as tx:
        district_id = districts.add(tx, clever_id=clever_id, name="Anytown", emails=[])
    started = decisions.start(database, district_id, trigger="test", cause=Cause("a test"))
    assert isinstance(started, decisions.Started)
    return started.work[0].work_id


def ends_every_other_connection(database: Database) -> None:
    with database.reading() as conn:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        conn.execute(
            sa.text(f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE {others}")
        )


def settles_and_stands_still(database: Database, claim: Claim) -> None:
    with database.transaction() as tx:
        tx.conn.execute(sa.text("SET idle_in_transaction_session_timeout = '50ms'"))
        claims.settle(tx, claim)
        with database.reading() as conn:
            conn.execute(sa.text("SELECT pg_sleep(1)"))
        tx.conn.execute(sa.text("SELECT 1"))


def test_a_claim_does_not_wait_for_who_is_writing_the_row(database: Database, work_id: int):
    claim = claims.claim(database, work_id)
    with database.transaction() as tx:
        claims.settle(tx, claim)
        assert claims.claim(database, work_id) is None


def test_leases_are_renewed_and_messages_noted_while_somebody_writes_one_of_the_rows(
    database: Database, work_id: int, other_work_id: int
):
    held = [claims.claim(database, one) for one in (work_id, other_work_id)]
    with database.transaction() as tx:
        claims.settle(tx, held[0])
        assert claims.renew(database, held) == 1
        with database.transaction() as another:
            outbox.mark_sent(another, [work_id, other_work_id])
    with database.reading() as conn:
        sends = conn.execute(sa.select(outbox_table.c.id, outbox_table.c.sends)).all()
    assert sends == [(other_work_id, 1)]


def test_who_stands_still_in_a_transaction_loses_it(database: Database, work_id: int):
    claim = claims.claim(database, work_id)
    with pytest.raises(sa.exc.DBAPIError):
        settles_and_stands_still(database, claim)
    assert claims.renew(database, [claim]) == 1


def test_every_connection_gives_its_locks_up_when_it_stands_still(database: Database):
    name = "idle_in_transaction_session_timeout"
    with database.reading() as conn:
        shown = conn.execute(sa.select(sa.func.current_setting(name))).scalar_one()
    assert shown == connections.POSTGRES_SESSION[name]


def test_a_connection_that_broke_while_it_lay_unused_is_not_used(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.reading() as conn:
        conn.execute(sa.text("SELECT 1"))
    ends_every_other_connection(database)
    monkeypatch.setattr(connections, "TRUSTED_FOR_S", 0.0)
    with other.reading() as conn:
        assert conn.execute(sa.text("SELECT 1")).scalar_one() == 1
    other.dispose()


def test_a_connection_that_broke_after_a_single_statement_is_not_used_for_the_next(
    database: Database, work_id: int, monkeypatch: pytest.MonkeyPatch
):
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.one_statement() as tx:
        tx.at_once("SELECT 1", {})
    ends_every_other_connection(database)
    monkeypatch.setattr(connections, "TRUSTED_FOR_S", 0.0)
    assert claims.claim(other, work_id) is not None
    other.dispose()


def test_a_refused_statement_leaves_its_connection_for_the_next(database: Database):
    with database.one_statement() as tx:
        before = tx.at_once("SELECT pg_backend_pid()", {})
        with pytest.raises(sa.exc.ProgrammingError):
            tx.at_once("SELECT nothing", {})
        assert tx.at_once("SELECT pg_backend_pid()", {}) == before


def test_connections_that_are_lent_for_long_are_few(database: Database):
    straight, everybody = Straight(database.engine), threading.Barrier(15)

    def ask() -> None:
        everybody.wait()
        straight.execute("SELECT pg_sleep(0.2)", {})

    with ThreadPoolExecutor(15) as threads:
        for asked in [threads.submit(ask) for _ in range(15)]:
            asked.result()
    pool = database.engine.pool
    assert isinstance(pool, sa.QueuePool)
    assert pool.checkedout() <= LENT
    straight.close()


def test_of_connections_that_broke_one_statement_learns_it_and_the_next_one_works(
    database: Database, work_id: int, monkeypatch: pytest.MonkeyPatch
):
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.reading(), other.reading():
        """Both lie in the pool afterwards."""
    monkeypatch.setattr(connections, "TRUSTED_FOR_S", math.inf)
    ends_every_other_connection(database)
    with pytest.raises(sa.exc.OperationalError) as raised:
        claims.claim(other, work_id)
    assert raised.value.connection_invalidated
    taken = claims.claim(other, work_id)
    assert taken is not None
    assert claims.renew(other, [taken]) == 1
    other.dispose()


def test_a_statement_for_a_database_that_is_away_raises_what_callers_catch():
    with socket.socket() as taken_by_nobody:
        taken_by_nobody.bind(("127.0.0.1", 0))
        port = taken_by_nobody.getsockname()[1]
        away = Database(f"postgresql://nobody@127.0.0.1:{port}/nothing")
        with pytest.raises(sa.exc.OperationalError):
            claims.claim(away, 1)


class Interrupted(dict[str, object]):
    """Parameters in whose midst Ctrl-C comes."""

    def __missing__(self, _name: str) -> object:
        raise KeyboardInterrupt


def test_a_statement_that_is_interrupted_leaves_its_connection_to_nobody(database: Database):
    with database.one_statement() as tx:
        before = tx.at_once("SELECT pg_backend_pid()", {})
        assert tx.at_once("SELECT pg_backend_pid()", {}) == before
        with pytest.raises(KeyboardInterrupt):
            tx.at_once("SELECT %(given)s::text", Interrupted())
        assert tx.at_once("SELECT pg_backend_pid()", {}) != before


def test_ctrl_c_ends_a_statement_that_waits(database: Database):
    began = time.monotonic()
    ctrl_c = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    with database.one_statement() as tx:
        tx.at_once("SELECT 1", {})
        ctrl_c.start()
        with pytest.raises(KeyboardInterrupt):
            tx.at_once("SELECT pg_sleep(60)", {})
    # The bound is only there to tell an end from a wait for all of the 60 seconds.
    assert time.monotonic() - began < 50


def test_a_statement_means_a_parameter_as_often_as_it_names_it_and_a_doubled_percent_as_one(
    database: Database,
):
    with database.one_statement() as tx:
        asked = "SELECT %(n)s::int + %(n)s::int, %(text)s::text LIKE '1%%', %(none)s::text, 7 %% 4"
        for n in (1, 2_000_000_000 // 2):
            given = {"n": n, "text": "100%", "none": None}
            assert tx.at_once(asked, given) == (2 * n, True, None, 3)


def test_a_connection_that_the_pool_lends_again_still_knows_its_statements(database: Database):
    for _ in range(3):
        straight = Straight(database.engine)
        assert straight.execute("SELECT 1 + %(n)s::int", {"n": 1}) == (2,)
        straight.close()


def test_a_single_statement_needs_no_transaction_and_several_are_committed_together(
    database: Database, work_id: int
):
    def in_a_transaction(conn: sa.Connection) -> bool:
        # In a transaction its first statement and the next one are of the same moment.
        moments = [conn.execute(sa.select(sa.func.now())).scalar_one() for _ in range(2)]
        return moments[0] == moments[1]

    with database.reading() as conn:
        assert not in_a_transaction(conn)
    with database.one_statement() as tx:
        assert not in_a_transaction(tx.conn)
    with database.transaction() as tx:
        assert in_a_transaction(tx.conn)
