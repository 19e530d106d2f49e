"""The port to the snapshot store: where Parquet files lie, by reference.

A reference is a relative path with forward slashes that begins with the district's id, such as
``<district>/<sync>/fetch-1/students.parquet``; it never leaves its district.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Whoever merely hands a store on need not wait for Polars.
    import polars as pl


class SnapshotStore(Protocol):
    """Immutable files of a district. A file is whole or absent: writing is atomic.

    As a file never changes, what was made of one may be kept by its store and name.
    """

    def __hash__(self) -> int: ...

    def write(self, ref: str, frame: "pl.DataFrame") -> None: ...

    def write_bytes(self, ref: str, content: bytes) -> None: ...

    def scan(self, refs: Iterable[str]) -> "pl.LazyFrame":
        """The rows of one or more Parquet files, read when collected.

        Raises:
            SnapshotLostError: a file is not there.
        """
        ...

    def read_bytes(self, ref: str) -> bytes:
        """Raises SnapshotLostError when there is no such file."""
        ...

    def exists(self, ref: str) -> bool: ...

    def list(self, prefix: str) -> list[str]:
        """References below a prefix (a folder), sorted."""
        ...

    def delete_tree(self, prefix: str) -> None: ...


class SnapshotLostError(Exception):
    """Raised when a file that a sync needs is no longer in the snapshot store."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"the snapshot file {ref} is not in the snapshot store")
        self.ref = ref
