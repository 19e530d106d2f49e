"""The snapshot store as a dict. A file is immutable: other content under its name is an error."""

from collections.abc import Iterable

import polars as pl

from doubles.mishaps import Mishaps
from rosterhold.roster.store import SnapshotLostError

Interned = tuple[pl.DataFrame, pl.LazyFrame]
KEPT = 20_000


class OverwrittenError(AssertionError):
    """A file that somebody may have read and decided on was written again with other content."""


class Frames:
    """Frames of equal content are one object, so that pure work over them can be remembered."""

    def __init__(self) -> None:
        self._by_content: dict[object, Interned] = {}
        # With the frame itself, so that no other one takes its id.
        self._by_identity: dict[int, tuple[pl.DataFrame, Interned]] = {}

    def one(self, frame: pl.DataFrame) -> Interned:
        known = self._by_identity.get(id(frame))
        if known is None:
            if len(self._by_identity) > KEPT:
                self._by_identity.clear()
            content = (tuple(frame.columns), tuple(frame.rows()))
            interned = self._by_content.setdefault(content, (frame, frame.lazy()))
            known = self._by_identity[id(frame)] = (frame, interned)
        return known[1]


class MemorySnapshots:
    """`SnapshotStore` over two dicts; writing passes the points where a worker can die."""

    def __init__(self, frames: Frames, mishaps: Mishaps) -> None:
        self._frames = frames
        self._mishaps = mishaps
        self.tables: dict[str, Interned] = {}
        self.texts: dict[str, bytes] = {}

    def write(self, ref: str, frame: pl.DataFrame) -> None:
        interned = self._frames.one(frame)
        self._mishaps.point(f"before writing {ref.rpartition('/')[2]}", may_freeze=True)
        if self.tables.setdefault(ref, interned) is not interned:
            raise OverwrittenError(ref)

    def write_bytes(self, ref: str, content: bytes) -> None:
        self._mishaps.point(f"before writing {ref.rpartition('/')[2]}", may_freeze=True)
        if self.texts.setdefault(ref, content) != content:
            raise OverwrittenError(ref)

    def scan(self, refs: Iterable[str]) -> pl.LazyFrame:
        found = [self._table(ref)[1] for ref in refs]
        return found[0] if len(found) == 1 else pl.concat(found)

    def rows(self, ref: str) -> list[tuple[str, ...]]:
        return self._table(ref)[0].rows()

    def read_bytes(self, ref: str) -> bytes:
        if ref not in self.texts:
            raise SnapshotLostError(ref)
        return self.texts[ref]

    def exists(self, ref: str) -> bool:
        return ref in self.tables or ref in self.texts

    def list(self, prefix: str) -> list[str]:
        every = [*self.tables, *self.texts]
        return sorted(ref for ref in every if ref.startswith(f"{prefix}/"))

    def delete_tree(self, prefix: str) -> None:
        for ref in self.list(prefix):
            self.tables.pop(ref, None)
            self.texts.pop(ref, None)

    def _table(self, ref: str) -> Interned:
        if ref not in self.tables:
            raise SnapshotLostError(ref)
        return self.tables[ref]
