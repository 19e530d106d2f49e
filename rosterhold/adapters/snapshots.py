"""The snapshot store as a folder."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import uuid4

from rosterhold.roster.store import SnapshotLostError

if TYPE_CHECKING:
    import polars as pl

# Names that begin so are not yet whole: the rest of a write that was cut off.
UNFINISHED: Final = ".unfinished-"

T = TypeVar("T")


class SnapshotStoreError(Exception):
    """Raised when the snapshot store cannot be written or read: a full disk, a missing right."""

    def __init__(self, doing: str, ref: str, why: str) -> None:
        super().__init__(f"the snapshot store cannot {doing} {ref}: {why}")
        self.ref = ref


def parts_of(ref: str) -> tuple[str, ...]:
    """The names that a reference consists of.

    Raises:
        ValueError: the reference is not a plain path below the store's root.
    """
    parts = PurePosixPath(ref).parts
    plain = parts and "\\" not in ref and "\0" not in ref and not ref.startswith("/")
    if not plain or ".." in parts:
        raise ValueError(f"{ref!r} is not a reference below the root of the snapshot store")
    return parts


class FolderSnapshots:
    """`SnapshotStore` in a folder of this machine, or one that all machines mount.

    A file is written under another name and then renamed, so it is whole or absent. It is not
    forced to disk: after a loss of power a fetch is simply made again.

    Args:
        root: the folder; made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def write(self, ref: str, frame: "pl.DataFrame") -> None:
        def write_parquet(file: Path) -> None:
            from polars.exceptions import PolarsError  # noqa: PLC0415 - as for `scan`

            try:
                frame.write_parquet(file, compression="zstd")
            except PolarsError as error:
                raise SnapshotStoreError("write", ref, type(error).__name__) from error

        self._replace(ref, write_parquet)

    def write_bytes(self, ref: str, content: bytes) -> None:
        self._replace(ref, lambda file: file.write_bytes(content))

    def scan(self, refs: Iterable[str]) -> "pl.LazyFrame":
        """The rows of one or more Parquet files of the same columns, read when collected.

        Raises:
            SnapshotLostError: a file is not there.
            ValueError: no file was named.
        """
        paths = [self._existing(ref) for ref in refs]
        if not paths:
            raise ValueError("scan needs the reference of at least one file")
        # Who only hands a store on need not wait for Polars.
        import polars as pl  # noqa: PLC0415 - as said

        return pl.scan_parquet(paths, glob=False)

    def read_bytes(self, ref: str) -> bytes:
        path = self._existing(ref)
        return _attempt("read", ref, path.read_bytes)

    def exists(self, ref: str) -> bool:
        return _attempt("read", ref, self._path(ref).is_file)

    def list(self, prefix: str) -> list[str]:
        files = _attempt("list", prefix, lambda: _files_below(self._path(prefix)))
        return sorted(path.relative_to(self._root).as_posix() for path in files)

    def delete_tree(self, prefix: str) -> None:
        folder = self._path(prefix)
        if folder.is_dir():
            _attempt("delete", prefix, lambda: rmtree(folder))

    def _path(self, ref: str) -> Path:
        return self._root.joinpath(*parts_of(ref))

    def _existing(self, ref: str) -> Path:
        path = self._path(ref)
        if not _attempt("read", ref, path.is_file):
            raise SnapshotLostError(ref)
        return path

    def _replace(self, ref: str, write: Callable[[Path], object]) -> None:
        path = self._path(ref)
        unfinished = path.with_name(f"{UNFINISHED}{uuid4().hex}")

        def write_and_rename() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                write(unfinished)
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)

        _attempt("write", ref, write_and_rename)


def _files_below(folder: Path) -> list[Path]:
    """Raises OSError where a folder cannot be read: `Path.rglob` would pass over it in silence."""
    if not folder.is_dir():
        return []
    return [
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=_raise)
        for name in names
        if not name.startswith(UNFINISHED)
    ]


def _raise(error: OSError) -> None:
    raise error


def _attempt(doing: str, ref: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except OSError as error:
        raise SnapshotStoreError(doing, ref, error.strerror or type(error).__name__) from error
