"""The connection to the system of record, and the transaction that everything happens in."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from rosterhold.adapters.database import connections

if TYPE_CHECKING:
    from rosterhold.adapters.database.claims import Claim
    from rosterhold.adapters.database.group_commit import GroupCommit
    from rosterhold.adapters.database.outbox import Written
    from rosterhold.adapters.database.syncs import SyncRow

# How long a worker that does not say that it lives keeps its work, unless it is set otherwise.
LEASE: Final = timedelta(seconds=15)

# The time at the start of a statement, in PostgreSQL.
STATEMENT_TIME: Final = sa.func.statement_timestamp(type_=sa.DateTime(timezone=True))


class Moved(NamedTuple):
    """A transition that was made: the sync as it became, and the event."""

    sync: "SyncRow"
    event: str


@dataclass(slots=True)
class Transaction:
    """One transaction, the work that was written in it, and the transitions that it makes.

    With a claim that goes on, the worker whose step this is does the next step itself: that one's
    row is born leased to it, which saves the commit of another claim.
    """

    conn: sa.Connection
    clock: Callable[[sa.Connection], datetime]
    is_sqlite: bool
    lease: timedelta
    process_id: str | None = None
    work: list["Written"] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    claim: "Claim | None" = None
    _now: datetime | None = None

    @property
    def now(self) -> datetime:
        """The time at which it was first asked for; the database's where that has a clock.

        Leases and due times of several machines compare by it.
        """
        if self._now is None:
            self._now = self.clock(self.conn)
        return self._now

    @property
    def moment(self) -> Any:
        """The same for a statement that needs no value here: PostgreSQL is not asked beforehand."""
        return self.now if self.is_sqlite else STATEMENT_TIME

    @property
    def dialect(self) -> sa.Dialect:
        return self.conn.dialect

    def at_once(self, sql: str, parameters: dict[str, Any]) -> Sequence[Any] | None:
        """Execute a statement in the words of PostgreSQL's driver; gives its first row, if any.

        Raises:
            sqlalchemy.exc.DBAPIError: it was refused, or the database is away.
        """
        result = self.conn.exec_driver_sql(sql, parameters)
        return result.first() if result.returns_rows else None


class Alone(Transaction):
    """One statement at a time, each a transaction of its own, in PostgreSQL.

    Where that is all, the statement goes straight to the driver, on a connection of the same pool,
    with those of other threads: SQLAlchemy's part of an execution costs more CPU than the driver's,
    and a commit as much as the statement.
    """

    __slots__ = ("_commits", "_connected", "_single")

    def __init__(self, database: "Database", single: sa.Engine, commits: "GroupCommit") -> None:
        self._single = single
        self._commits = commits
        self._connected: sa.Connection | None = None
        self.clock = database.now
        self.is_sqlite = False
        self.lease = database.lease
        self.process_id = database.process_id
        self.work = []
        self.moved = []
        self.claim = None
        self._now = None

    @property
    def conn(self) -> sa.Connection:  # type: ignore[override]
        """Made when it is first asked for."""
        if self._connected is None:
            self._connected = self._single.connect()
        return self._connected

    @property
    def dialect(self) -> sa.Dialect:
        return self._single.dialect

    def at_once(self, sql: str, parameters: dict[str, Any]) -> Sequence[Any] | None:
        if self._connected is not None:
            return super().at_once(sql, parameters)
        return self._commits.execute(sql, parameters)

    def close(self) -> None:
        if self._connected is not None:
            self._connected.close()


class Database:
    """SQLite (embedded) or PostgreSQL (production) behind one face.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        clock: the time for SQLite, which has none of its own; PostgreSQL's is asked.
        lease: how long a worker that does not say that it lives keeps its work.
        on_moved: told of transitions after they were committed; to be quick, and not to raise.

    Attributes:
        process_id: as what this process lives (processes.py), for its claims; None before it does.
    """

    def __init__(
        self,
        url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        lease: timedelta = LEASE,
        on_moved: Callable[[Sequence[Moved]], None] | None = None,
    ) -> None:
        self.lease = lease
        self.process_id: str | None = None
        self._on_moved = on_moved
        self._clock = clock
        parsed = sa.make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = connections.sqlite(parsed) if self.is_sqlite else connections.postgres(parsed)
        self._single = self.engine.execution_options(**{connections.SINGLE: True})
        self._commits = None if self.is_sqlite else _commits(self.engine)
        # SQLite's own wait for the one writer is unfair; writers of a process queue here instead.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything written inside is committed together, or not at all."""
        with self._one_writer, self.engine.begin() as conn:
            tx = Transaction(conn, self.now, self.is_sqlite, self.lease, self.process_id)
            yield tx
        self._tell(tx)

    @contextmanager
    def one_statement(self) -> Iterator[Transaction]:
        """A transaction of at most one statement that writes, for PostgreSQL: one round trip.

        With SQLite, which has none to save, it is a transaction like any other.
        """
        if self._commits is None:
            with self.transaction() as tx:
                yield tx
            return
        alone = Alone(self, self._single, self._commits)
        try:
            yield alone
        finally:
            alone.close()
        self._tell(alone)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """To look at things; nothing is written.

        With SQLite all that is read inside is of one moment, with PostgreSQL each statement.
        """
        with self._single.connect() as conn:
            yield conn

    def now(self, conn: sa.Connection) -> datetime:
        """The database's time, or this machine's for SQLite, which has none of its own."""
        if self.is_sqlite:
            return self._clock()
        now: datetime = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    def _tell(self, tx: Transaction) -> None:
        if tx.moved and self._on_moved is not None:
            self._on_moved(tx.moved)

    def moment(self, conn: sa.Connection) -> Any:
        """The same for a statement that needs no value here: PostgreSQL is not asked before."""
        return self.now(conn) if self.is_sqlite else STATEMENT_TIME

    def dispose(self) -> None:
        if self._commits is not None:
            self._commits.close()
        self.engine.dispose()


def _commits(engine: sa.Engine) -> "GroupCommit":
    # Only here, for they need PostgreSQL's driver.
    from rosterhold.adapters.database.group_commit import GroupCommit  # noqa: PLC0415 - as said
    from rosterhold.adapters.database.straight import Straight  # noqa: PLC0415 - as said

    return GroupCommit(Straight(engine))


class Within(Database):
    """A database inside one transaction: what its transactions write is committed with that one.

    One of them that raises undoes its own part alone.
    """

    def __init__(self, database: Database, tx: Transaction) -> None:
        self.lease = database.lease
        self.process_id = database.process_id
        self.is_sqlite = database.is_sqlite
        self.engine = database.engine
        self._tx = tx

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        tx = self._tx
        with tx.conn.begin_nested():
            yield Transaction(tx.conn, tx.clock, tx.is_sqlite, tx.lease, tx.process_id)

    @contextmanager
    def one_statement(self) -> Iterator[Transaction]:
        with self.transaction() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        yield self._tx.conn

    def now(self, conn: sa.Connection) -> datetime:
        return self._tx.clock(conn)
