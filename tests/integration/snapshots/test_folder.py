"""What only a folder can do wrong."""

import polars as pl
import pytest

from rosterhold.adapters.snapshots import FolderSnapshots, SnapshotStoreError


@pytest.fixture
def store(tmp_path):
    return FolderSnapshots(tmp_path / "snapshots")


def test_a_write_that_fails_leaves_nothing_and_says_why(store, tmp_path):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "d").write_bytes(b"a file where a folder should be")
    with pytest.raises(SnapshotStoreError, match="cannot write d/a"):
        store.write("d/a", pl.DataFrame({"clever_id": ["a"]}))


def test_the_rest_of_a_killed_write_is_not_listed(store, tmp_path):
    store.write_bytes("d/a", b"")
    (tmp_path / "snapshots" / "d" / ".unfinished-1").write_bytes(b"")
    assert store.list("d") == ["d/a"]
