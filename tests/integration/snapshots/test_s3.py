"""What only storage behind a network can do wrong."""

import socket

import polars as pl
import pytest

from rosterhold.adapters import snapshots_on_s3
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.adapters.snapshots_on_s3 import S3Snapshots

ROWS = pl.DataFrame({"clever_id": ["a", "b"]})
USES = [
    lambda store: store.write("d/a", ROWS),
    lambda store: store.write_bytes("d/a", b""),
    lambda store: store.scan(["d/a"]),
    lambda store: store.read_bytes("d/a"),
    lambda store: store.list("d"),
    lambda store: store.delete_tree("d"),
]


@pytest.fixture
def nobody() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(snapshots_on_s3, "MAX_RETRIES", 0)


@pytest.mark.parametrize("use", [*USES, lambda store: store.exists("d/a")])
def test_a_service_that_does_not_answer_is_named(use, nobody, credentials):
    with pytest.raises(SnapshotStoreError, match=f"no answer from {nobody}"):
        use(S3Snapshots("bucket", endpoint=nobody))


@pytest.mark.parametrize("use", USES)
def test_a_bucket_that_is_not_there_is_no_lost_file(use, s3_server, credentials):
    with pytest.raises(SnapshotStoreError, match=r"s3://nobody-made-it/d.*there is no such bucket"):
        use(S3Snapshots("nobody-made-it", endpoint=s3_server))


def test_without_credentials_the_error_says_which_are_wanted(nobody, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", nobody)
    with pytest.raises(SnapshotStoreError, match="no credentials: set AWS_ACCESS_KEY_ID"):
        S3Snapshots("bucket", endpoint=nobody).write_bytes("d/a", b"")


def test_the_endpoint_of_the_environment_is_used(s3_server, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    store = S3Snapshots(bucket)
    store.write("d/a", ROWS)
    assert store.scan(["d/a"]).collect().equals(ROWS)


def test_an_endpoint_in_the_address_wins_over_the_environment(
    s3_server, bucket, nobody, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", nobody)
    store = S3Snapshots(bucket, endpoint=s3_server)
    store.write("d/a", ROWS)
    assert store.scan(["d/a"]).collect().equals(ROWS)


def test_everything_lies_below_the_prefix(s3_server, bucket):
    S3Snapshots(bucket, "some/prefix", endpoint=s3_server).write_bytes("d/a", b"1")
    assert S3Snapshots(bucket, endpoint=s3_server).list("some") == ["some/prefix/d/a"]


def test_a_tree_is_deleted_below_the_prefix_only(s3_server, bucket):
    whole = S3Snapshots(bucket, endpoint=s3_server)
    whole.write_bytes("d/a", b"another program's")
    ours = S3Snapshots(bucket, "ours", endpoint=s3_server)
    ours.write_bytes("d/a", b"")
    ours.delete_tree("d")
    assert whole.list("d") == ["d/a"]
    assert ours.list("d") == []
