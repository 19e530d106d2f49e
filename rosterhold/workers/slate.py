"""What a process is at, in memory that outlives it."""

import mmap
import struct
from dataclasses import dataclass
from typing import Final

# Of a process; what finds no place has to wait until its lease runs out.
PLACES: Final = 128
_ENTRY: Final = struct.Struct("=qqq")


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim: its row, its epoch, and how often a process died of it or beside it before."""

    work_id: int
    epoch: int
    deaths: int


class Slate:
    """Entries that a process writes, and that another one reads when that one is dead.

    Made by the parent of both before it forks. For one writer at a time.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES * _ENTRY.size)
        # The writer's own: whoever reads looks at the memory.
        self._free = list(range(PLACES))

    def write(self, entry: Entry) -> int | None:
        """Note an entry; returns its place, None when there is none left."""
        if not self._free:
            return None
        place = self._free.pop()
        values = (entry.work_id, entry.epoch, entry.deaths)
        _ENTRY.pack_into(self._memory, place * _ENTRY.size, *values)
        return place

    def wipe(self, place: int | None) -> None:
        if place is not None:
            _ENTRY.pack_into(self._memory, place * _ENTRY.size, 0, 0, 0)
            self._free.append(place)

    def read(self) -> list[Entry]:
        return [entry for place in range(PLACES) if (entry := self._at(place)).work_id]

    def close(self) -> None:
        self._memory.close()

    def _at(self, place: int) -> Entry:
        return Entry(*_ENTRY.unpack_from(self._memory, place * _ENTRY.size))
