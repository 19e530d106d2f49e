"""The snapshot store in a bucket of S3-compatible storage.

Bytes go by obstore, Parquet is read by Polars itself: only the columns and row groups that a query
needs leave the storage. Both stand on the same library (Apache's object_store for Rust), so that
they read credentials from the same environment variables and in the same order.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any, Final, TypeVar

import polars as pl
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from rosterhold.adapters.snapshots import SnapshotStoreError, parts_of
from rosterhold.roster.store import SnapshotLostError

# The step of a sync is tried again later, for hours: here it is enough to get over a hiccup.
MAX_RETRIES: Final = 3
RETRY_FOR: Final = timedelta(seconds=20)
CONNECT_WITHIN: Final = timedelta(seconds=5)
DEFAULT_REGION: Final = "us-east-1"
# Asked when the environment has no credentials: the metadata service of a machine on Amazon.
_METADATA_PATHS: Final = ("/latest/api/token", "/latest/meta-data")
_LONGEST_WHY: Final = 200

T = TypeVar("T")


class S3Snapshots:
    """`SnapshotStore` in a bucket; the bucket has to be there.

    An object is whole or absent by itself: a large one is sent in pieces that become an object
    only when the last has come. Credentials are read from the environment (AWS_ACCESS_KEY_ID and
    the others that Amazon's own tools read there), else asked of the machine's role.

    Args:
        bucket: its name.
        prefix: everything lies below it; "" for the bucket's own root.
        endpoint: the storage service; None for what AWS_ENDPOINT_URL says, else Amazon.
        region: None for what AWS_REGION or AWS_DEFAULT_REGION says, else us-east-1.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str | None = None,
    ) -> None:
        self._root = f"s3://{bucket}/{prefix}".rstrip("/")
        self._place = endpoint or "the storage service"
        # Without a region Polars would ask Amazon for it, whatever the endpoint.
        options: dict[str, Any] = {"aws_region": region or _region_of(os.environ)}
        if endpoint:
            # The key that wins over every other one, also over one in the environment.
            options["aws_endpoint_url_s3"] = endpoint
        self._objects = S3Store(
            bucket,
            prefix=prefix or None,
            # Only allows what the endpoint's scheme says; Amazon's own is https.
            client_options={"allow_http": True, "connect_timeout": CONNECT_WITHIN},
            retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_FOR},
            **options,
        )
        self._scan_options = {
            **options,
            "aws_allow_http": "true",
            "max_retries": MAX_RETRIES,
            "retry_timeout_ms": int(RETRY_FOR.total_seconds() * 1000),
        }

    def write(self, ref: str, frame: pl.DataFrame) -> None:
        path = _path(ref)
        whole = BytesIO()
        self._attempt("write", ref, lambda: frame.write_parquet(whole, compression="zstd"))
        self._attempt("write", ref, lambda: self._objects.put(path, whole.getbuffer()))

    def write_bytes(self, ref: str, content: bytes) -> None:
        path = _path(ref)
        self._attempt("write", ref, lambda: self._objects.put(path, content))

    def scan(self, refs: Iterable[str]) -> pl.LazyFrame:
        """The rows of one or more Parquet files of the same columns, read when collected.

        Raises:
            SnapshotLostError: a file is not there.
            ValueError: no file was named.
        """
        paths = [_path(ref) for ref in refs]
        if not paths:
            raise ValueError("scan needs the reference of at least one file")
        # One listing a folder: the pages of a fetch are hundreds of files in one.
        folders = sorted({path.rpartition("/")[0] for path in paths})
        there = {path for folder in folders for path in self._files_in(folder)}
        for path in paths:
            if path not in there:
                raise SnapshotLostError(path)
        return pl.scan_parquet(
            [f"{self._root}/{path}" for path in paths],
            glob=False,
            storage_options=self._scan_options,
            # Polars would ask another library for credentials where one happens to be installed.
            credential_provider=None,
        )

    def read_bytes(self, ref: str) -> bytes:
        path = _path(ref)
        try:
            return self._attempt("read", ref, lambda: self._objects.get(path).bytes().to_bytes())
        except FileNotFoundError as error:
            raise SnapshotLostError(ref) from error

    def exists(self, ref: str) -> bool:
        path = _path(ref)
        try:
            self._attempt("read", ref, lambda: self._objects.head(path))
        except FileNotFoundError:
            return False
        return True

    def list(self, prefix: str) -> list[str]:
        path = _path(prefix)
        return sorted(self._attempt("list", prefix, lambda: self._files_below(path)))

    def delete_tree(self, prefix: str) -> None:
        path = _path(prefix)
        self._attempt("delete", prefix, lambda: self._objects.delete(self._files_below(path)))

    def _files_below(self, path: str) -> tuple[str, ...]:
        return tuple(found["path"] for chunk in self._objects.list(path) for found in chunk)

    def _files_in(self, folder: str) -> tuple[str, ...]:
        objects = self._objects
        listing = self._attempt("list", folder, lambda: objects.list_with_delimiter(folder or None))
        return tuple(found["path"] for found in listing["objects"])

    def _attempt(self, doing: str, ref: str, action: Callable[[], T]) -> T:
        """Do it, and say in a person's words why the storage refuses.

        Raises:
            SnapshotStoreError: the storage cannot be reached or does not allow it.
            FileNotFoundError: an object that is read is not there.
        """
        try:
            return action()
        except (BaseError, OSError, pl.exceptions.PolarsError) as error:
            absent = isinstance(error, FileNotFoundError) and doing == "read"
            if absent and "NoSuchBucket" not in str(error):
                raise
            raise SnapshotStoreError(doing, f"{self._root}/{ref}", self._why(error)) from error

    def _why(self, error: Exception) -> str:
        text = str(error)
        if any(path in text for path in _METADATA_PATHS):
            return "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return "permission denied"
        if isinstance(error, FileNotFoundError) or "NoSuchBucket" in text:
            return "there is no such bucket"
        if "error sending request" in text:
            return f"no answer from {self._place}"
        # What follows in the text is the answer's body, and then the library's own state.
        words = text.partition("\n")[0].partition("<")[0].strip(" :")
        return words[:_LONGEST_WHY] or type(error).__name__


def _region_of(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def _path(ref: str) -> str:
    return "/".join(parts_of(ref))
