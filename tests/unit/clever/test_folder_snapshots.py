import polars as pl
import pytest

from rosterhold.adapters.snapshots import FolderSnapshots, SnapshotStoreError
from rosterhold.roster.store import SnapshotLostError

ROWS = pl.DataFrame({"clever_id": ["a", "b"]})


@pytest.fixture
def store(tmp_path):
    return FolderSnapshots(tmp_path / "snapshots")


def test_rows_come_back_from_one_and_from_several_files(store):
    store.write("d/s/1.parquet", ROWS)
    store.write("d/s/2.parquet", ROWS)
    assert store.scan(["d/s/1.parquet"]).collect().equals(ROWS)
    assert store.scan(["d/s/1.parquet", "d/s/2.parquet"]).collect().height == 4


def test_a_name_with_a_star_is_a_name(store):
    store.write("d/*.parquet", ROWS)
    store.write("d/x.parquet", ROWS)
    assert store.scan(["d/*.parquet"]).collect().height == 2


def test_bytes_come_back_and_are_replaced(store):
    store.write_bytes("d/a.json", b"1")
    store.write_bytes("d/a.json", b"2")
    assert store.read_bytes("d/a.json") == b"2"
    assert store.exists("d/a.json")
    assert not store.exists("d/b.json")


def test_references_below_a_prefix_are_listed_in_order(store):
    for ref in ("d/s/b", "d/s/a/c", "d/t"):
        store.write_bytes(ref, b"")
    assert store.list("d/s") == ["d/s/a/c", "d/s/b"]
    assert store.list("nothing") == []


def test_a_deleted_tree_is_gone_and_its_neighbours_are_not(store):
    store.write_bytes("d/s/a", b"")
    store.write_bytes("d/t", b"")
    store.delete_tree("d/s")
    store.delete_tree("d/s")
    assert store.list("d") == ["d/t"]


def test_a_file_that_is_not_there_is_lost(store):
    with pytest.raises(SnapshotLostError):
        store.read_bytes("d/none")
    with pytest.raises(SnapshotLostError):
        store.scan(["d/none"])


@pytest.mark.parametrize("ref", ["../x", "d/../../x", "/etc/x", "", "d\\x", "d/\0", "."])
def test_a_reference_that_leaves_the_folder_is_refused(store, ref):
    with pytest.raises(ValueError, match="not a reference"):
        store.write_bytes(ref, b"")
    with pytest.raises(ValueError, match="not a reference"):
        store.delete_tree(ref)


def test_a_write_that_fails_leaves_nothing_and_says_why(store, tmp_path):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "d").write_bytes(b"a file where a folder should be")
    with pytest.raises(SnapshotStoreError, match="cannot write d/a"):
        store.write("d/a", ROWS)


def test_a_write_that_is_cut_off_leaves_no_file(store):
    class CutOffError(OSError):
        strerror = "No space left on device"

    class Frame:
        def write_parquet(self, file, **_):
            file.write_bytes(b"half")
            raise CutOffError

    with pytest.raises(SnapshotStoreError, match="No space left on device"):
        store.write("d/a", Frame())
    assert store.list("d") == []


def test_the_rest_of_a_killed_write_is_not_listed(store, tmp_path):
    store.write_bytes("d/a", b"")
    (tmp_path / "snapshots" / "d" / ".unfinished-1").write_bytes(b"")
    assert store.list("d") == ["d/a"]
