"""One upgrade at a time, beside workers that go on: waiting for locks, but not for long.

SQLite has one writer: the whole upgrade is one transaction. In PostgreSQL each revision is one, so
that an index can be made without locking a table; what keeps others out is an advisory lock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from rosterhold.adapters.database import connections
from rosterhold.adapters.database.engine import Database

# Any number that nothing else in the same database takes.
LOCK_KEY: Final = 7_264_511_850
OTHERS_WITHIN_S: Final = 120.0
ASK_EVERY_S: Final = 0.2
# Whoever waits for a table's lock makes everybody behind him wait too: so not for long.
LOCK_TIMEOUT: Final = "3s"
TRIES: Final = 10


class UpgradeRefusedError(Exception):
    """Raised when the database cannot be upgraded now; the text says why."""


@contextmanager
def upgrading(database: Database) -> Iterator[sa.Connection]:
    """The connection to upgrade with, while nobody else upgrades.

    Raises:
        UpgradeRefusedError: somebody else has been at it for too long.
    """
    if database.is_sqlite:
        with database.transaction() as tx:
            yield tx.conn
        return
    # The driver begins the transactions, so that Alembic can leave them for an index.
    options = {"isolation_level": "READ COMMITTED", connections.SINGLE: True}
    with _alone(database), database.engine.connect().execution_options(**options) as conn:
        _lock_timeout(conn, LOCK_TIMEOUT)
        try:
            yield conn
        finally:
            conn.rollback()
            _lock_timeout(conn, "0")


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the advisory lock.

    It is asked for again and again: whoever waits inside a statement holds a snapshot, and an index
    that is made without locking waits for all snapshots before it.
    """
    with database.reading() as guard:
        until = time.monotonic() + OTHERS_WITHIN_S
        while not guard.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK_KEY))).scalar_one():
            if time.monotonic() > until:
                raise UpgradeRefusedError(
                    f"somebody else has been upgrading the database for {OTHERS_WITHIN_S:.0f} s"
                )
            time.sleep(ASK_EVERY_S)
        try:
            yield
        finally:
            guard.execute(sa.select(sa.func.pg_advisory_unlock(LOCK_KEY)))


def _lock_timeout(conn: sa.Connection, value: str) -> None:
    conn.execute(sa.select(sa.func.set_config("lock_timeout", value, False)))
    conn.commit()


def insist(conn: sa.Connection, step: Callable[[], None]) -> None:
    """Do it again while a table's lock is not to be had; revisions that are done stay done.

    Raises:
        UpgradeRefusedError: it was not to be had at any time.
    """
    is_sqlite = conn.dialect.name == "sqlite"
    for _ in range(TRIES):
        if not is_sqlite:
            # Outside of a transaction, so that each revision is one of its own.
            conn.rollback()
        try:
            step()
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
        else:
            return
    raise UpgradeRefusedError(
        f"a table is in use: its lock was not to be had within {LOCK_TIMEOUT}, {TRIES} times. "
        "Nothing is half done; look for long transactions, and try again"
    )
