"""What the threads of a process do that no message asks for."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

from rosterhold.workers.runner import Runner

# How much a process does at the same time while there is no queue.
HANDS: Final = 4


class Abandoned:
    """What others left unfinished: a thread does one of it before what its next message asks for.

    A message for it would wait behind all others in its queue, perhaps behind a whole night.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._left: deque[int] = deque()

    def found(self, work_ids: Iterable[int]) -> None:
        """All that is left now; other processes find the same, and the first to claim it has it."""
        self._left = deque(work_ids)

    def answer(self, work_id: int) -> None:
        """Do what a message asks for, and one thing that was left before: neither waits for all."""
        left = self._take()
        if left is not None and not self._runner.is_stopping:
            self._runner.work(left)
        self._runner.work(work_id)

    def _take(self) -> int | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None


class Hands:
    """Threads that do the work while there is no queue: the sweep itself never waits for a step."""

    def __init__(self, runner: Runner, threads: int = HANDS) -> None:
        self._runner = runner
        self._threads = threads
        self._under_way: set[int] = set()
        self._lock = threading.Lock()

    def take(self, work_id: int) -> None:
        """Begin it, unless all are busy: then a later round of the sweep finds it again."""
        with self._lock:
            if work_id in self._under_way or len(self._under_way) >= self._threads:
                return
            self._under_way.add(work_id)
        threading.Thread(target=self._do, args=(work_id,), name="hand", daemon=True).start()

    def _do(self, work_id: int) -> None:
        try:
            self._runner.work(work_id)
        finally:
            with self._lock:
                self._under_way.discard(work_id)
