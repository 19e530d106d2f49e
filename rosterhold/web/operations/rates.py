"""How much is done a minute: the difference of two looks at what all processes counted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from rosterhold.adapters.metrics import STEP_SECONDS, Count

# A rate is over the last five minutes, or for as long as somebody has looked.
WINDOW_S: Final = 300.0
SHORTEST_S: Final = 4.0


class Rates:
    """What the web process saw at its looks; for all its threads.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: deque[tuple[float, dict[str, float]]] = deque()
        self._lock = threading.Lock()

    def a_minute(self, sums: Mapping[Count, float]) -> dict[str, float] | None:
        """Kind of work → how much of it was done a minute; None at the first look."""
        done: dict[str, float] = {}
        for key, number in sums.items():
            if key.name == STEP_SECONDS.name and key.part != "sum":
                done[key.labels[0]] = done.get(key.labels[0], 0.0) + number
        now = self._clock()
        with self._lock:
            while self._looks and now - self._looks[0][0] > WINDOW_S:
                self._looks.popleft()
            first = self._looks[0] if self._looks else None
            self._looks.append((now, done))
        if first is None or now - first[0] < SHORTEST_S:
            return None
        minutes = (now - first[0]) / 60
        return {work: (number - first[1].get(work, 0.0)) / minutes for work, number in done.items()}
