"""Tables that are kept in memory between pages."""

from pathlib import Path

import polars as pl
import pytest

from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.roster.store import SnapshotLostError
from rosterhold.web.kept_frames import KeptFrames, kept


class Reader:
    """Counts how often something is read."""

    def __init__(self, rows: int = 10) -> None:
        self.rows = rows
        self.reads = 0

    def __call__(self) -> pl.DataFrame:
        self.reads += 1
        return pl.DataFrame({"n": range(self.rows)}, {"n": pl.Int64()})


BYTES = int(Reader()().estimated_size())


def test_a_frame_is_read_once():
    frames, read = KeptFrames(), Reader()

    assert frames.get("a", read).equals(frames.get("a", read))
    assert read.reads == 1


def test_those_used_last_stay_within_the_bytes_allowed():
    frames = KeptFrames(most_bytes=2 * BYTES)
    readers = {key: Reader() for key in "abc"}
    for key in "abacab":
        frames.get(key, readers[key])

    assert {key: read.reads for key, read in readers.items()} == {"a": 1, "b": 2, "c": 1}


def test_there_are_never_more_than_so_many():
    frames, first = KeptFrames(most=2), Reader()
    frames.get("first", first)
    for key in "ab":
        frames.get(key, Reader())
    frames.get("first", first)

    assert first.reads == 2


def test_one_that_is_too_large_is_given_and_not_kept():
    frames, large = KeptFrames(most_bytes=BYTES), Reader(rows=11)

    assert frames.get("large", large).height == 11
    frames.get("large", large)
    assert large.reads == 2


def test_what_was_purged_is_not_shown_any_more(tmp_path: Path):
    store, read = FolderSnapshots(tmp_path), Reader()
    store.write("town/removed.parquet", read())
    kept(store, "town/removed.parquet", "all", read)
    store.delete_tree("town")

    with pytest.raises(SnapshotLostError):
        kept(store, "town/removed.parquet", "all", read)
