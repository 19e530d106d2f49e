"""What every snapshot store promises, for the folder and for S3."""

from pathlib import Path

import polars as pl
import pytest

from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.config.wiring import snapshot_store
from rosterhold.roster.store import SnapshotLostError

ROWS = pl.DataFrame({"clever_id": ["a", "b"], "name": ["Ann", "Bo"]})


class FrameCutOff:
    """A frame whose writing ends in the middle."""

    def write_parquet(self, file, **_):
        file.write_bytes(b"half") if isinstance(file, Path) else file.write(b"half")
        raise OSError(28, "No space left on device")


def test_rows_come_back_from_one_and_from_several_files(store):
    store.write("d/s/1.parquet", ROWS)
    store.write("d/s/2.parquet", ROWS)
    store.write("d/t/3.parquet", ROWS)
    assert store.scan(["d/s/1.parquet"]).collect().equals(ROWS)
    assert store.scan(["d/s/1.parquet", "d/s/2.parquet", "d/t/3.parquet"]).collect().height == 6


def test_a_frame_without_rows_keeps_its_columns(store):
    store.write("d/none.parquet", ROWS.clear())
    assert store.scan(["d/none.parquet"]).collect().equals(ROWS.clear())


def test_a_query_reads_the_rows_and_columns_that_it_names(store):
    store.write("d/1.parquet", ROWS)
    found = store.scan(["d/1.parquet"]).filter(pl.col("name") == "Bo").select("clever_id")
    assert found.collect().rows() == [("b",)]
    assert "SELECTION" in found.explain()


def test_a_scan_of_no_file_is_refused(store):
    with pytest.raises(ValueError, match="at least one file"):
        store.scan([])


@pytest.mark.parametrize("name", ["*.parquet", "with space.parquet", "50%20.parquet", "é?.parquet"])
def test_a_name_with_signs_in_it_is_a_name(store, name):
    store.write(f"d/{name}", ROWS)
    store.write("d/x.parquet", ROWS)
    assert store.scan([f"d/{name}"]).collect().height == 2
    assert f"d/{name}" in store.list("d")


def test_bytes_come_back_and_are_replaced(store):
    store.write_bytes("d/a.json", b"1")
    store.write_bytes("d/a.json", b"2")
    assert store.read_bytes("d/a.json") == b"2"
    assert store.exists("d/a.json")
    assert not store.exists("d/b.json")


def test_a_folder_is_no_file(store):
    store.write_bytes("d/s/a", b"")
    assert not store.exists("d/s")


def test_a_large_file_comes_back_as_it_was(store):
    content = bytes(range(256)) * 50_000
    store.write_bytes("d/large", content)
    assert store.read_bytes("d/large") == content


def test_references_below_a_prefix_are_listed_in_order(store):
    for ref in ("d/s/b", "d/s/a/c", "d/t", "d/s-2/x"):
        store.write_bytes(ref, b"")
    assert store.list("d/s") == ["d/s/a/c", "d/s/b"]
    assert store.list("nothing") == []


def test_more_files_than_one_answer_holds_are_listed_and_deleted(store):
    refs = [f"d/{number:04}" for number in range(1_050)]
    for ref in refs:
        store.write_bytes(ref, b"")
    assert store.list("d") == refs
    store.delete_tree("d")
    assert store.list("d") == []


def test_a_deleted_tree_is_gone_and_its_neighbours_are_not(store):
    for ref in ("d/s/a", "d/s/b/c", "d/s2/a", "d/t", "d2/s/a"):
        store.write_bytes(ref, b"")
    store.delete_tree("d/s")
    store.delete_tree("d/s")
    assert store.list("d") == ["d/s2/a", "d/t"]
    assert store.list("d2") == ["d2/s/a"]


def test_a_file_that_is_not_there_is_lost(store):
    store.write("d/there", ROWS)
    with pytest.raises(SnapshotLostError, match="d/none"):
        store.read_bytes("d/none")
    with pytest.raises(SnapshotLostError, match="d/none"):
        store.scan(["d/there", "d/none"])


@pytest.mark.parametrize("ref", ["../x", "d/../../x", "/etc/x", "", "d\\x", "d/\0", "."])
@pytest.mark.parametrize(
    "use",
    [
        lambda store, ref: store.write(ref, ROWS),
        lambda store, ref: store.write_bytes(ref, b""),
        lambda store, ref: store.scan([ref]),
        lambda store, ref: store.read_bytes(ref),
        lambda store, ref: store.exists(ref),
        lambda store, ref: store.list(ref),
        lambda store, ref: store.delete_tree(ref),
    ],
)
def test_a_reference_that_leaves_the_root_is_refused(store, ref, use):
    with pytest.raises(ValueError, match="not a reference"):
        use(store, ref)


def test_a_write_that_is_cut_off_leaves_no_file(store):
    with pytest.raises(SnapshotStoreError, match="No space left on device"):
        store.write("d/a", FrameCutOff())
    assert store.list("d") == []


def test_a_write_that_is_cut_off_leaves_the_file_that_was_there(store):
    store.write("d/a", ROWS)
    with pytest.raises(SnapshotStoreError):
        store.write("d/a", FrameCutOff())
    assert store.scan(["d/a"]).collect().equals(ROWS)


def test_another_process_sees_what_was_written(store, place):
    store.write("d/a", ROWS)
    assert snapshot_store(place).scan(["d/a"]).collect().equals(ROWS)
