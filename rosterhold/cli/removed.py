"""`rosterhold hold show --csv`: the records that a held sync would remove."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import HoldView
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.cli.files import written
from rosterhold.cli.output import CliError, note, write_csv
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.reasons import Reason

CSV_COLUMNS: Final = ("kind", "key", "name", "detail", "school", "school_name")
ROWS_AT_ONCE: Final = 10_000


def write(store: SnapshotStore, row: SyncRow, view: HoldView, path: Path | None) -> None:
    """Write the records that would be removed; `path` None for standard output."""
    held = [reason for reason in view.reasons if reason.reason == Reason.DATA_REMOVALS]
    if not held:
        raise CliError(f"the sync {row.id} is not on hold for data removals; it is {row.state}")
    prefix = layout.evaluation_prefix(row.district_id, row.id, held[0].evaluation_no)
    rows = _removed(store, layout.removed_ref(prefix))
    try:
        if path is None:
            write_csv(sys.stdout, CSV_COLUMNS, rows)
            return
        with written(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            count = write_csv(file, CSV_COLUMNS, rows)
    except SnapshotLostError as error:
        raise CliError(f"the records of {row.id} are no longer kept: {error}") from error
    except SnapshotStoreError as error:
        raise CliError(str(error)) from error
    note(f"{count} records written to {path}")


def _removed(store: SnapshotStore, ref: str) -> Iterator[tuple[object, ...]]:
    frame = store.scan([ref]).select(pl.col(CSV_COLUMNS)).collect()
    for part in frame.iter_slices(ROWS_AT_ONCE):
        yield from part.iter_rows()
