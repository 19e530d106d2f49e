"""How connections are made, looked after and given up, for each of the two databases."""

import math
import time
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

# The execution option of a connection that is asked and not written to, or written to by a single
# statement: PostgreSQL needs no transaction around it.
SINGLE: Final = "rosterhold_single"

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
        json_deserializer=msgspec.json.decode,
    )
    sa.event.listen(engine, "connect", _prepare_postgres)
    sa.event.listen(engine, "begin", _begin)
    _try_what_lay_unused(engine)
    return engine


class Trust:
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
    trust = Trust(engine)

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
