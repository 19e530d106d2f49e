"""How connections are made, looked after and given up, for each of the two databases."""

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

# The execution option of a connection that is asked and not written to, or written to by a single
# statement: PostgreSQL needs no transaction around it.
SINGLE: Final = "rosterhold_single"

# So many connections of a pool of 20 are at most lent for longer than one statement.
LENT: Final = 8
BUSY_TIMEOUT_MS: Final = 30_000
# A connection that lay unused for longer is tried before it is used.
TRUSTED_FOR_S: Final = 5.0
CONNECT_WITHIN_S: Final = 10
# A worker that stands still within a transaction, or cannot be reached, loses its locks.
STANDS_STILL_S: Final = 30
POSTGRES_SESSION: Final = {
    "idle_in_transaction_session_timeout": f"{STANDS_STILL_S}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
}
# The same in the other direction: a server that is gone without a word is noticed.
POSTGRES_CONNECT: Final = {
    "connect_timeout": CONNECT_WITHIN_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": STANDS_STILL_S * 1_000,
}


def sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def postgres(url: sa.URL) -> sa.Engine:
    # The driver shall not begin transactions by itself: `_begin` does.
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        connect_args=POSTGRES_CONNECT,
        isolation_level="AUTOCOMMIT",
    )
    sa.event.listen(engine, "connect", _prepare_postgres)
    sa.event.listen(engine, "begin", _begin)
    _try_what_lay_unused(engine)
    return engine


class _Trust:
    """How long a connection that lay unused is taken for whole.

    Where one broke, those that lie there may have broken with it.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._broke_at = -math.inf
        sa.event.listen(engine, "invalidate", self._lose)

    def holds(self, used_at: float) -> bool:
        """Whether one need not be tried first; `used_at` by the monotonic clock."""
        return used_at > max(self._broke_at, time.monotonic() - TRUSTED_FOR_S)

    def _lose(self, *_given: object) -> None:
        self._broke_at = time.monotonic()


@dataclass(slots=True)
class _Lent:
    """A connection that the pool lent for longer than one statement, and the cursor on it."""

    pooled: sa.PoolProxiedConnection
    cursor: Any
    used_at: float


class Straight:
    """Statements in psycopg's own words, each a transaction of its own, in autocommit.

    The pool lends their connections for longer than one statement: to be asked for a connection and
    given it back costs as much CPU as the statement itself.

    Args:
        engine: whose pool lends; its connections are in autocommit.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._errors = engine.dialect.loaded_dbapi.Error
        # Threads take from the end and put back there: what is used at all is used often.
        self._lent: deque[_Lent] = deque()
        self._trust = _Trust(engine)

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute a statement.

        Returns:
            Its first row, if it has any, with the values as the driver gives them.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it for the same error.
        """
        lent = self._take()
        # If it is interrupted, nobody knows what is under way on the connection.
        is_gone = True
        try:
            lent.cursor.execute(sql, parameters)
            result = lent.cursor.pgresult
            has_rows = result is not None and result.nfields > 0
            row: tuple[Any, ...] | None = lent.cursor.fetchone() if has_rows else None
            is_gone = False
        except self._errors as error:
            driver: Any = lent.pooled.driver_connection
            is_gone = self._engine.dialect.is_disconnect(error, driver, None)
            raise self._as_sqlalchemy_raises(error, sql, is_gone=is_gone) from error
        finally:
            self._put_back(lent, is_gone=is_gone)
        return row

    def close(self) -> None:
        """Give the pool back what it lent."""
        while self._lent:
            self._lent.pop().pooled.close()

    def _take(self) -> _Lent:
        while True:
            try:
                lent = self._lent.pop()
            except IndexError:
                return self._borrow()
            if self._trust.holds(lent.used_at) or self._lives(lent):
                return lent

    def _borrow(self) -> _Lent:
        try:
            pooled = self._engine.raw_connection()
        except self._errors as error:
            raise self._as_sqlalchemy_raises(error) from error
        driver: Any = pooled.driver_connection
        return _Lent(pooled, driver.cursor(), time.monotonic())

    def _lives(self, lent: _Lent) -> bool:
        """Whether a connection that lay unused can still be used; it is given up if not."""
        driver: Any = lent.pooled.driver_connection
        try:
            self._engine.dialect.do_ping(driver)
        except self._errors:
            _give_up(lent.pooled)
            return False
        return True

    def _put_back(self, lent: _Lent, *, is_gone: bool) -> None:
        if is_gone:
            _give_up(lent.pooled)
        elif len(self._lent) < LENT:
            lent.used_at = time.monotonic()
            self._lent.append(lent)
        else:
            lent.pooled.close()

    def _as_sqlalchemy_raises(
        self, error: Exception, sql: str | None = None, *, is_gone: bool = False
    ) -> BaseException:
        dialect = self._engine.dialect
        return sa.exc.DBAPIError.instance(
            sql, None, error, self._errors, connection_invalidated=is_gone, dialect=dialect
        )


def _give_up(pooled: sa.PoolProxiedConnection) -> None:
    pooled.invalidate()
    pooled.close()


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
    single = conn.get_execution_options().get(SINGLE, False)
    conn.exec_driver_sql("BEGIN" if single else "BEGIN IMMEDIATE")


def _begin(conn: sa.Connection) -> None:
    if not conn.get_execution_options().get(SINGLE, False):
        conn.exec_driver_sql("BEGIN")


def _prepare_postgres(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    names = ", ".join("set_config(%s, %s, false)" for _ in POSTGRES_SESSION)
    cursor.execute(f"SELECT {names}", [part for pair in POSTGRES_SESSION.items() for part in pair])
    cursor.close()
    connection.commit()


def _try_what_lay_unused(engine: sa.Engine) -> None:
    """Find out before the next use that a connection broke while nobody used it."""
    trust = _Trust(engine)

    def note(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        used_at = record.info.get("used_at")
        if used_at is None or trust.holds(used_at):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The others of the pool are as old; SQLAlchemy connects anew.
            raise InvalidatePoolError from error

    sa.event.listen(engine, "checkin", note)
    sa.event.listen(engine, "checkout", check)
