"""What the threads of a process do that no message asks for."""

import random
import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from rosterhold.workers.runner import Runner

# How much a process does at the same time that no message asked for.
HANDS: Final = 4


class Abandoned:
    """What others left unfinished: it does not wait for a message of its own.

    That one would wait behind all others in its queue, perhaps behind a whole night, or was taken
    by a process that died with it. So a thread does one of it before what its next message asks
    for; and where fewer are at work than may be, a hand takes it at once.

    Args:
        runner: does it.
        take: lets a hand begin with a piece of work.
        free: how many more may be at work.
    """

    def __init__(
        self, runner: Runner, take: Callable[[int], None], free: Callable[[], int]
    ) -> None:
        self._runner = runner
        self._take_at_once = take
        self._free = free
        self._left: deque[int] = deque()

    def found(self, work_ids: Collection[int]) -> None:
        """All that is left now; other processes find the same, and the first to claim it has it."""
        # Not all of them shall reach for the same.
        at_once = random.sample(list(work_ids), max(min(len(work_ids), self._free()), 0))
        for work_id in at_once:
            self._take_at_once(work_id)
        self._left = deque(work_id for work_id in work_ids if work_id not in at_once)

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
    """Threads that do what the sweep found: the sweep itself never waits for a step."""

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
