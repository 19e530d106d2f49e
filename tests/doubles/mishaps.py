"""Where a worker can die or freeze, and a database that passes these points."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from rosterhold.adapters.database.engine import Database, Transaction


class WorkerKilledError(BaseException):
    """The process is gone: no handler of the product may catch it."""


class Mishaps:
    """Counts the points that a worker passes; at one of them it dies, or freezes for a while.

    The points are: before and after each statement, each commit, and whatever is done outside of
    the database.
    """

    def __init__(self) -> None:
        self.passed = 0
        self._log: list[str] | None = None
        self.struck = ""
        self._at = 0
        self._step: str | None = None
        self._meanwhile: Callable[[], None] | None = None

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Nothing befalls the worker; its points are written down."""
        self._log = points = []
        with self._planned(0, None):
            yield points
        self._log = None

    @contextmanager
    def dies_at(self, point: int, step: str | None = None) -> Iterator[None]:
        """The worker inside the block dies at its n-th point, if it comes that far.

        With a step, points are counted from where that step begins.
        """
        with self._planned(point, None, step):
            try:
                yield
            except WorkerKilledError:
                return

    @contextmanager
    def freezes_at(
        self, point: int, meanwhile: Callable[[], None], step: str | None = None
    ) -> Iterator[None]:
        """The worker inside the block stands still at or after its n-th point, then goes on.

        It holds no transaction then: a writer of SQLite that froze would stop everybody.
        """
        with self._planned(point, meanwhile, step):
            yield

    @contextmanager
    def _planned(
        self, point: int, meanwhile: Callable[[], None] | None, step: str | None = None
    ) -> Iterator[None]:
        outer = (self.passed, self._at, self._meanwhile, self._step)
        self.passed, self._at, self._meanwhile, self._step = 0, point, meanwhile, step
        self.struck = ""
        try:
            yield
        finally:
            self.passed, self._at, self._meanwhile, self._step = outer

    def step_begins(self, name: str) -> None:
        if name == self._step:
            self._step = None

    def point(self, name: str, *, may_freeze: bool) -> None:
        if self._step is not None:
            return
        self.passed += 1
        if self._log is not None:
            self._log.append(name)
        if not self._at or self.passed < self._at:
            return
        if self._meanwhile is None:
            self._at, self.struck = 0, name
            raise WorkerKilledError(name)
        if may_freeze:
            meanwhile, self._at, self._meanwhile = self._meanwhile, 0, None
            meanwhile()
            self.struck = name


class MortalDatabase(Database):
    """A database whose caller passes the points of `mishaps`."""

    def __init__(self, url: str, clock: Callable[[], datetime], mishaps: Mishaps) -> None:
        super().__init__(url, clock)
        self._mishaps = mishaps
        self._connections: list[DBAPIConnection] = []
        sa.event.listen(self.engine, "connect", self._connected)
        sa.event.listen(self.engine, "invalidate", self._invalidated)
        sa.event.listen(self.engine, "before_cursor_execute", self._before_statement)
        sa.event.listen(self.engine, "after_cursor_execute", self._after_statement)
        sa.event.listen(self.engine, "commit", self._before_commit)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self._mishaps.point("before a transaction", may_freeze=True)
        with super().transaction() as tx:
            yield tx
        self._mishaps.point("after a commit", may_freeze=True)

    def loses_its_process(self) -> None:
        """The connections of a process that is gone roll back, though this one keeps cursors."""
        while self._connections:
            with suppress(sqlite3.ProgrammingError):
                self._connections.pop().rollback()
        self.engine.dispose()

    def _invalidated(self, connection: DBAPIConnection, record: object, error: object) -> None:
        del record, error
        connection.rollback()

    def _connected(self, connection: DBAPIConnection, record: object) -> None:
        del record
        self._connections.append(connection)

    def _before_statement(self, *args: object) -> None:
        statement = str(args[2])
        if not statement.startswith("BEGIN"):
            self._mishaps.point(f"before {statement.split(maxsplit=1)[0]}", may_freeze=False)

    def _after_statement(self, *args: object) -> None:
        statement = str(args[2])
        if not statement.startswith("BEGIN"):
            self._mishaps.point(f"after {statement.split(maxsplit=1)[0]}", may_freeze=False)

    def _before_commit(self, conn: sa.Connection) -> None:
        del conn
        self._mishaps.point("before a commit", may_freeze=False)
