"""The connection to the system of record, and the transaction that everything happens in."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS: Final = 30_000


@dataclass(slots=True)
class Transaction:
    """One transaction, and the work that was written in it: pairs of row id and work's name.

    With `goes_on`, the worker whose step this is does the next step itself: that one's row is born
    leased to it, which saves the commit of a claim.

    `now` is the database's time where it has a clock of its own, so that leases and due times of
    several machines compare.
    """

    conn: sa.Connection
    now: datetime
    work: list[tuple[int, str]] = field(default_factory=list)
    goes_on: bool = False


class Database:
    """SQLite (embedded) or PostgreSQL (production) behind one face.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        clock: the time for SQLite, which has none of its own; PostgreSQL's is asked.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        parsed = sa.make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine = sa.create_engine(parsed, connect_args={"check_same_thread": False})
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_immediate)
        else:
            self.engine = sa.create_engine(
                parsed, pool_pre_ping=True, pool_size=10, max_overflow=10
            )
        # SQLite's own wait for the one writer is unfair; writers of a process queue here instead.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything written inside is committed together, or not at all."""
        with self._one_writer, self.engine.begin() as conn:
            yield Transaction(conn, self.now(conn))

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A consistent view; nothing is written."""
        with self.engine.connect().execution_options(rosterhold_reading=True) as conn:
            yield conn

    def now(self, conn: sa.Connection) -> datetime:
        """The database's time, or this machine's for SQLite, which has none of its own."""
        if self.is_sqlite:
            return self._clock()
        now: datetime = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    def dispose(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver shall not begin transactions by itself: `_begin_immediate` does.
    driver: Any = connection
    driver.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA temp_store = MEMORY")
    # ANALYZE looks at so many rows of an index, not at all of it.
    cursor.execute("PRAGMA analysis_limit = 400")
    cursor.close()


def _begin_immediate(conn: sa.Connection) -> None:
    # A transaction that means to write takes the writer's place at once: one that begins by
    # reading cannot be made to wait later, SQLite would refuse it.
    reading = conn.get_execution_options().get("rosterhold_reading", False)
    conn.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
