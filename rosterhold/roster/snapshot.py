"""Names of the frames that make a snapshot, and where each lies.

A *manifest* says, kind by kind, which file holds its rows: the snapshot's own file, or one written
later for the rows that an evaluation kept or left out. It is what ``baseline`` and ``target`` are.
"""

from typing import Final

import msgspec
import polars as pl

from rosterhold.roster.kinds import KINDS, Kind

# Records that could not be read. `clever_id` is "" where not even the id could be.
INVALID_COLUMNS: Final = ("kind", "clever_id", "reason")
INVALID_SCHEMA: Final = dict.fromkeys(INVALID_COLUMNS, pl.String())


class Manifest(msgspec.Struct, frozen=True):
    """Where the rows of each kind lie, and how many there are.

    Attributes:
        files: kind name → reference in the snapshot store (one Parquet file).
        counts: kind name → number of rows.
        invalid: reference of the records that could not be read, in INVALID_COLUMNS.
        invalid_counts: kind name → number of records that could not be read.
    """

    files: dict[str, str]
    counts: dict[str, int]
    invalid: str = ""
    invalid_counts: dict[str, int] = {}


def schema(kind: Kind) -> dict[str, pl.String]:
    """The Polars schema of a kind's file: every column is text and never null, "" when missing."""
    return {column: pl.String() for column in kind.all_columns}


def empty(kind: Kind) -> pl.DataFrame:
    return pl.DataFrame(schema=schema(kind))


# One frame a kind: what the pure functions of this package take and give.
Frames = dict[str, pl.LazyFrame]


def no_frames() -> Frames:
    """The baseline of a district that was never applied."""
    return {name: empty(kind).lazy() for name, kind in KINDS.items()}
