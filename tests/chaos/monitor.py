"""Looks at the outbox all the time: how long did work lie, how long until it was taken over."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from chaos.messages import Meddler
from rosterhold.adapters.database.outbox import LEASE

LOOK_EVERY_S = 0.25
LOOK = (
    "SELECT id, epoch, leased_until, due_at, attempts, clock_timestamp() FROM outbox "
    "WHERE given_up_at IS NULL"
)


@dataclass(frozen=True)
class Seen:
    epoch: int
    leased_until: datetime | None


@dataclass
class Measured:
    """In seconds.

    Attributes:
        takeovers: from a dead worker's last sign of life to the claim of the next one.
        longest_idle: how long the most unlucky piece of work lay due and free.
        most_attempts: of one piece of work.
    """

    takeovers: list[float] = field(default_factory=list)
    longest_idle: float = 0.0
    most_attempts: int = 0


class Monitor:
    def __init__(self, url: str, meddler: Meddler) -> None:
        self._url = url
        self._meddler = meddler
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
        for work_id, epoch, leased_until, due_at, attempts, now in conn.execute(LOOK):
            before = self._seen.get(work_id)
            now_seen[work_id] = Seen(epoch, leased_until)
            self._meddler.highest = max(self._meddler.highest, work_id)
            self.measured.most_attempts = max(self.measured.most_attempts, attempts)
            ran_out = before.leased_until if before is not None else None
            if ran_out is not None and ran_out < now and before.epoch < epoch:
                # A lease lasts from the last sign of life; the worker died after that.
                silent = now - (ran_out - LEASE)
                self.measured.takeovers.append(silent.total_seconds())
            if leased_until is None or leased_until < now:
                free_since = max(due_at, leased_until or due_at)
                idle = (now - free_since).total_seconds()
                self.measured.longest_idle = max(self.measured.longest_idle, idle)
        self._seen = now_seen
