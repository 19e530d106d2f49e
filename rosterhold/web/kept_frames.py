"""Tables read from files that never change, kept in memory for the next page of the same list."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

import polars as pl

from rosterhold.roster.store import SnapshotLostError, SnapshotStore

MOST_BYTES: Final = 128 * 1024 * 1024
MOST: Final = 64


class KeptFrames:
    """Frames by key, those used last. For all threads of a process.

    Args:
        most_bytes: how large all of them are together; a larger one is made anew each time.
        most: how many there are.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most: int = MOST) -> None:
        self._most_bytes = most_bytes
        self._most = most
        self._frames: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The frame of a key; of several who ask at once, each may make it."""
        with self._guard:
            if key in self._frames:
                self._frames.move_to_end(key)
                return self._frames[key]
        frame = make()
        size = int(frame.estimated_size())
        with self._guard:
            if size <= self._most_bytes and key not in self._frames:
                self._frames[key] = frame
                self._bytes += size
            while self._bytes > self._most_bytes or len(self._frames) > self._most:
                _, oldest = self._frames.popitem(last=False)
                self._bytes -= int(oldest.estimated_size())
        return frame


_KEPT: Final = KeptFrames()


def kept(
    store: SnapshotStore, ref: str, what: Hashable, make: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    """What was read from a file, or is read now; a file of the store never changes.

    Whether it is still there is asked each time: what was purged is not shown any more. Whose it is
    has to be settled before.

    `what` tells apart what is read from the same file.

    Raises:
        SnapshotLostError: the file is gone.
    """
    if not store.exists(ref):
        raise SnapshotLostError(ref)
    return _KEPT.get((store, ref, what), make)
