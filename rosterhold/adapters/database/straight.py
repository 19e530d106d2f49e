"""Statements straight to PostgreSQL, in the fewest steps that the driver has for them."""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import sqlalchemy as sa
from psycopg import generators, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import Error, OperationalError, error_from_result

from rosterhold.adapters.database.connections import Trust

T = TypeVar("T")
Row = tuple[Any, ...]
# In the driver's words, with its parameters.
Statement = tuple[str, Mapping[str, Any]]

# So many connections of a pool of 20 are at most lent for longer than one statement.
LENT: Final = 8
# A parameter in the driver's words, or a percent sign that is meant as one.
_PARAMETER: Final = re.compile(r"%\((\w+)\)s|%%")
_WENT_WELL: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
# Of several together none waits for a lock that somebody holds: the others would wait with it.
_WAIT_BRIEFLY: Final[Statement] = ("SELECT set_config('lock_timeout', '100ms', true)", {})


class _Native(NamedTuple):
    """A statement as the server takes it, with numbers for parameters, and their names in turn."""

    text: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]


@cache
def _native(sql: str) -> _Native:
    names: list[str] = []

    def number(parameter: re.Match[str]) -> str:
        if parameter[0] == "%%":
            return "%"
        if parameter[1] not in names:
            names.append(parameter[1])
        return f"${names.index(parameter[1]) + 1}"

    text = _PARAMETER.sub(number, sql)
    # As text: the server knows from the statement what each of them is.
    return _Native(text.encode(), tuple(names), (PyFormat.TEXT,) * len(names))


class _Lent:
    """A connection that the pool lent for longer than one statement."""

    def __init__(self, pooled: sa.PoolProxiedConnection) -> None:
        driver: Any = pooled.driver_connection
        self.pooled = pooled
        self.used_at = time.monotonic()
        self._driver = driver
        self._values = Transformer(driver)
        # The names of the statements that this connection knows: as long as it lives.
        self._known: dict[str, bytes] = pooled.info.setdefault("rosterhold_known", {})

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        """Execute a statement, known to the server from the first time on; gives its first row."""
        self._driver.pgconn.send_query_prepared(*self._bound(sql, parameters))
        return self._first_row(self._answer())

    def together(self, statements: Sequence[Statement]) -> list[Row | None] | None:
        """Execute them in one transaction and one round trip; gives the first row of each.

        Returns:
            None if one was refused: then none was executed.
        """
        try:
            bound = [self._bound(*one) for one in (_WAIT_BRIEFLY, *statements)]
        except Error:
            return None
        pgconn = self._driver.pgconn
        pgconn.enter_pipeline_mode()
        for known_as, values in bound:
            pgconn.send_query_prepared(known_as, values)
        pgconn.pipeline_sync()
        self._driver.wait(generators.send(pgconn))
        results: list[pq.abc.PGresult] = []
        # What the commit has to say comes before the end of it.
        while (result := self._next(generators.fetch_many)).status != pq.ExecStatus.PIPELINE_SYNC:
            results.append(result)
        pgconn.exit_pipeline_mode()
        if any(result.status not in _WENT_WELL for result in results):
            return None
        return [self._first_row(result) for result in results[1:]]

    def _bound(self, sql: str, parameters: Mapping[str, Any]) -> tuple[bytes, Any]:
        """The name by which the server knows a statement, and its parameters as it takes them."""
        native = _native(sql)
        known_as = self._known.get(sql) or self._learn(sql, native)
        given = [parameters[name] for name in native.names]
        return known_as, self._values.dump_sequence(given, native.formats)

    def _learn(self, sql: str, native: _Native) -> bytes:
        name = b"rosterhold_%d" % len(self._known)
        self._driver.pgconn.send_prepare(name, native.text)
        self._answer()
        self._known[sql] = name
        return name

    def _answer(self) -> pq.abc.PGresult:
        """Wait for what was sent alone; raises what it was refused with."""
        result = self._next(generators.execute)
        if result.status not in _WENT_WELL:
            raise _error(result)
        return result

    def _next(self, awaited: Callable[[pq.abc.PGconn], Any]) -> pq.abc.PGresult:
        """Wait for a result, in psycopg's way: Ctrl-C ends the wait and what is waited for."""
        result: pq.abc.PGresult = self._driver.wait(awaited(self._driver.pgconn))[-1]
        return result

    def _first_row(self, result: pq.abc.PGresult) -> Row | None:
        if not result.ntuples:
            return None
        self._values.set_pgresult(result)
        row: Row = self._values.load_row(0, tuple)
        return row


def _error(result: pq.abc.PGresult) -> Error:
    if not result.error_field(pq.DiagnosticField.SQLSTATE):
        # It is the client's own word: the server is gone.
        return OperationalError(result.get_error_message())
    return error_from_result(result)


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
        self._trust = Trust(engine)

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        """Execute a statement.

        Returns:
            Its first row, if it has any, with the values as the driver gives them.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it for the same error.
        """
        return self._on_a_connection(lambda lent: lent.execute(sql, parameters), sql)

    def together(self, statements: Sequence[Statement]) -> list[Row | None] | None:
        """Execute statements in one transaction and one round trip.

        Returns:
            The first row of each, once they are committed. None if one of them was refused, or
            would have had to wait for a lock: then none was executed.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away.
        """
        return self._on_a_connection(lambda lent: lent.together(statements))

    def _on_a_connection(self, use: Callable[[_Lent], T], sql: str | None = None) -> T:
        lent = self._take()
        # If it is interrupted, nobody knows what is under way on the connection.
        is_gone = True
        try:
            used = use(lent)
            is_gone = False
        except self._errors as error:
            driver: Any = lent.pooled.driver_connection
            is_gone = self._engine.dialect.is_disconnect(error, driver, None)
            raise self._as_sqlalchemy_raises(error, sql, is_gone=is_gone) from error
        finally:
            self._put_back(lent, is_gone=is_gone)
        return used

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
        return _Lent(pooled)

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
