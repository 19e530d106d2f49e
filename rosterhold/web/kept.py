"""Answers that are kept for a moment, so that many who ask cost as much as one."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")
MOST: Final = 200


class Kept:
    """Values by key, each made anew when it has become too old. For all threads of a process.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """The value of a key, at most so old. Of several who ask at once, one makes it."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._values.get(key)
            if known is not None and self._clock() - known[0] < seconds:
                return known[1]  # type: ignore[no-any-return]  # as `make` of this key made it
            value = make()
            with self._guard:
                if len(self._values) >= MOST:
                    self._values.clear()
                    self._locks = {key: lock}
                self._values[key] = (self._clock(), value)
            return value
