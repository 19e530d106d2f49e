import pytest

from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.adapters.snapshots_on_s3 import S3Snapshots
from rosterhold.config.bucket import BucketAddress, bucket_address
from rosterhold.config.settings import SettingsError, load
from rosterhold.config.wiring import snapshot_store

KEY = {"ROSTERHOLD_SECRET_KEYS": "a-key-of-the-test"}


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("s3://bucket", BucketAddress("bucket")),
        ("s3://bucket/", BucketAddress("bucket")),
        ("s3://bucket/some/prefix/", BucketAddress("bucket", "some/prefix")),
        (
            "s3://bucket/p?endpoint=http://127.0.0.1:9000/&region=eu-west-1",
            BucketAddress("bucket", "p", "http://127.0.0.1:9000", "eu-west-1"),
        ),
    ],
)
def test_an_address_names_bucket_prefix_endpoint_and_region(raw, meant):
    assert bucket_address(raw) == meant


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("s3://", "must be an address such as s3://bucket"),
        ("s3:///prefix", "must be an address such as s3://bucket"),
        ("s3://bucket#x", "must be an address such as s3://bucket"),
        ("gs://bucket", "must be an address such as s3://bucket"),
        ("file:///srv/snapshots", "must be an address such as s3://bucket"),
        ("s3://bucket:9000/x", "must be an address such as s3://bucket"),
        ("s3://bucket/?endpoint", "must be an address such as s3://bucket"),
        ("s3://bucket/a/../b", "must not have . or .."),
        ("s3://bucket/?endpoint=", "takes only endpoint= and region="),
        ("s3://bucket/?path=x", "takes only endpoint= and region="),
        ("s3://bucket/?region=a&region=b", "takes only endpoint= and region="),
        ("s3://bucket/?endpoint=127.0.0.1:9000", "must have an endpoint such as"),
        ("s3://bucket/?endpoint=ftp://127.0.0.1", "must have an endpoint such as"),
        ("s3://bucket/?endpoint=http://127.0.0.1/path", "must have an endpoint such as"),
        ("s3://bucket/?endpoint=http://127.0.0.1:port", "must have an endpoint such as"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_its_setting(raw, why):
    with pytest.raises(SettingsError) as refused:
        load({**KEY, "ROSTERHOLD_SNAPSHOTS": raw})
    assert str(refused.value).startswith(f"ROSTERHOLD_SNAPSHOTS {why}")


@pytest.mark.parametrize(
    "raw",
    [
        "s3://hush:hush@bucket/x",
        "s3://bucket/?secret_access_key=hush",
        "s3://bucket/?session_token=hush",
        "s3://bucket/?endpoint=http://hush:hush@127.0.0.1",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_shown(raw):
    with pytest.raises(SettingsError) as refused:
        load({**KEY, "ROSTERHOLD_SNAPSHOTS": raw})
    assert "hush" not in str(refused.value)


def test_the_store_is_chosen_by_what_the_setting_names(tmp_path):
    assert isinstance(snapshot_store(str(tmp_path)), FolderSnapshots)
    assert isinstance(snapshot_store("s3://bucket/prefix"), S3Snapshots)


def test_a_folder_is_taken_as_it_is():
    assert load({**KEY, "ROSTERHOLD_SNAPSHOTS": "/srv/snapshots"}).snapshots == "/srv/snapshots"
