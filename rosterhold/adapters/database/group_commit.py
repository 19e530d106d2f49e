"""Statements of several threads at the same time: one round trip, one transaction, one commit.

What a commit costs is paid once for all that are ready, and nobody waits for company: a statement
goes at once if none is on its way, and those that come meanwhile go together when that one is back.
Each is answered after the commit, as if it had gone alone.
"""

import threading
from collections import deque
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final, NoReturn

import sqlalchemy as sa
from psycopg import OperationalError

from rosterhold.adapters.database.straight import Row, Straight

# So many go together at most.
TOGETHER: Final = 32
# What is on its way may have to wait for a lock that somebody holds for long, or for a server that
# is gone. After this the others do not wait for it any more.
PATIENCE_S: Final = 0.25


class _Fate(Enum):
    """What became of a statement that waited for its turn."""

    UNKNOWN = auto()
    LEADS = auto()
    ALONE = auto()
    DONE = auto()


class _Call:
    """A statement of a thread; `turn` is free when its fate is known."""

    __slots__ = ("fate", "parameters", "row", "sql", "turn")

    def __init__(self, sql: str, parameters: Mapping[str, Any]) -> None:
        self.sql = sql
        self.parameters = parameters
        self.fate = _Fate.UNKNOWN
        self.row: Row | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class GroupCommit:
    """Executes statements, each a transaction of its own as far as anybody can see.

    What the database refuses in company was not done, nor was what went with it: then each goes
    again, alone, and only the one at fault raises. So does what would have to wait for a lock, for
    the others are not to wait with it.

    Args:
        straight: executes them.
    """

    def __init__(self, straight: Straight) -> None:
        self._straight = straight
        self._lock = threading.Lock()
        # Whose statement is on its way, with others or alone.
        self._leader: _Call | None = None
        self._waiting: deque[_Call] = deque()

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        """Execute a statement; gives its first row, if it has any.

        Raises:
            sqlalchemy.exc.DBAPIError: it was refused, or the database is away.
        """
        call = _Call(sql, parameters)
        fate = self._fate(call)
        if fate is _Fate.LEADS:
            return self._lead(call)
        if fate is _Fate.ALONE:
            return self._straight.execute(sql, parameters)
        if fate is _Fate.UNKNOWN:
            _raise_lost(sql)
        return call.row

    @property
    def waiting(self) -> int:
        """How many statements wait for their turn."""
        return len(self._waiting)

    def close(self) -> None:
        self._straight.close()

    def _fate(self, call: _Call) -> _Fate:
        """Wait for its turn, or until another one took it along."""
        with self._lock:
            if self._leader is None:
                self._leader = call
                return _Fate.LEADS
            self._waiting.append(call)
        if not call.turn.acquire(timeout=PATIENCE_S):
            with self._lock:
                if call in self._waiting:
                    self._waiting.remove(call)
                    self._leader = call
                    return _Fate.LEADS
            call.turn.acquire()
        return call.fate

    def _lead(self, own: _Call) -> Row | None:
        """Go with all that wait, and let the next one lead when that is over."""
        with self._lock:
            size = min(len(self._waiting), TOGETHER - 1)
            others = [self._waiting.popleft() for _ in range(size)]
        try:
            if not others:
                return self._straight.execute(own.sql, own.parameters)
            rows = self._straight.together([(one.sql, one.parameters) for one in (own, *others)])
            for place, one in enumerate(others, start=1):
                one.fate = _Fate.DONE if rows else _Fate.ALONE
                one.row = rows[place] if rows else None
        finally:
            self._hand_over(own)
            for one in others:
                one.turn.release()
        return rows[0] if rows else self._straight.execute(own.sql, own.parameters)

    def _hand_over(self, own: _Call) -> None:
        with self._lock:
            if self._leader is not own:
                return
            following = self._leader = self._waiting.popleft() if self._waiting else None
        if following is not None:
            following.fate = _Fate.LEADS
            following.turn.release()


def _raise_lost(sql: str) -> NoReturn:
    why = OperationalError("the connection that others used for it too was lost")
    raise sa.exc.OperationalError(sql, None, why, connection_invalidated=True)
