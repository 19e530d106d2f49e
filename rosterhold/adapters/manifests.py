"""Manifests in the snapshot store, and the frames that they name."""

import msgspec
import polars as pl

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import INVALID_SCHEMA, Frames, Manifest, no_frames
from rosterhold.roster.store import SnapshotStore


def read_manifest(store: SnapshotStore, ref: str | None) -> Manifest | None:
    """The manifest at a reference; None for no reference.

    Raises:
        SnapshotLostError: the file is not there.
    """
    if ref is None:
        return None
    return msgspec.json.decode(store.read_bytes(ref), type=Manifest)


def write_manifest(store: SnapshotStore, ref: str, manifest: Manifest) -> None:
    store.write_bytes(ref, msgspec.json.encode(manifest))


def frames_of(store: SnapshotStore, manifest: Manifest | None) -> Frames:
    """The frames that a manifest names; empty ones without a manifest."""
    if manifest is None:
        return no_frames()
    return {name: store.scan([manifest.files[name]]) for name in KINDS}


def invalid_of(store: SnapshotStore, manifest: Manifest) -> pl.DataFrame:
    """The records of a snapshot that could not be read."""
    if not manifest.invalid:
        return pl.DataFrame(schema=INVALID_SCHEMA)
    return store.scan([manifest.invalid]).collect()
