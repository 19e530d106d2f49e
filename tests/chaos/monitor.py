"""Looks at the outbox all the time: how long did work lie, how long until it was taken over."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from rosterhold.adapters.database.engine import LEASE

LOOK_EVERY_S = 0.25
LOOK = (
    "SELECT id, epoch, leased_until, due_at, attempts, sends, work, clock_timestamp() AS now "
    "FROM outbox WHERE given_up_at IS NULL"
)
# Of a take-over that takes longer, the way to it is kept.
SLOW_S = 30.0


@dataclass
class Seen:
    """A row as it was last seen, and how it came to be so."""

    epoch: int = 0
    sends: int = 0
    leased_until: datetime | None = None
    way: list[str] = field(default_factory=list)


@dataclass
class Measured:
    """In seconds.

    Attributes:
        takeovers: from a dead worker's last sign of life to the claim of the next one.
        longest_idle: how long the most unlucky piece of work lay due and free.
        most_attempts: of one piece of work.
        slow: take-overs that were slow, with what happened to the row meanwhile.
    """

    takeovers: list[float] = field(default_factory=list)
    longest_idle: float = 0.0
    most_attempts: int = 0
    slow: list[tuple[float, str]] = field(default_factory=list)


class Monitor:
    """Looks from its own connection.

    Args:
        url: of the database.
        on_work: told the id of each piece of work that is seen.
    """

    def __init__(self, url: str, on_work: Callable[[int], None] = lambda _: None) -> None:
        self._url = url
        self._on_work = on_work
        self._seen: dict[int, Seen] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self.measured = Measured()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as conn:
                    while not self._over.wait(LOOK_EVERY_S):
                        self._look(conn)
            except psycopg.Error:
                self._over.wait(LOOK_EVERY_S)

    def _look(self, conn: psycopg.Connection) -> None:
        now_seen: dict[int, Seen] = {}
        for row in conn.cursor(row_factory=namedtuple_row).execute(LOOK):
            self._on_work(row.id)
            self.measured.most_attempts = max(self.measured.most_attempts, row.attempts)
            now_seen[row.id] = self._follow(self._seen.get(row.id, Seen()), row)
            if row.leased_until is None or row.leased_until < row.now:
                free_since = max(row.due_at, row.leased_until or row.due_at)
                idle = (row.now - free_since).total_seconds()
                self.measured.longest_idle = max(self.measured.longest_idle, idle)
        self._seen = now_seen

    def _follow(self, seen: Seen, row: Any) -> Seen:
        if row.sends != seen.sends or row.epoch != seen.epoch:
            seen.way.append(f"{row.now:%H:%M:%S} epoch {row.epoch}, sent {row.sends} times")
        ran_out = seen.leased_until
        if ran_out is not None and ran_out < row.now and seen.epoch < row.epoch:
            # A lease lasts from the last sign of life; the worker died after that.
            silent = (row.now - (ran_out - LEASE)).total_seconds()
            self.measured.takeovers.append(silent)
            if silent > SLOW_S:
                died = f"silent since {ran_out - LEASE:%H:%M:%S}"
                way = f"{row.work} {row.id}, {died}: {'; '.join(seen.way[-8:])}"
                self.measured.slow.append((silent, way))
        return Seen(row.epoch, row.sends, row.leased_until, seen.way)
