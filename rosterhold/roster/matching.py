"""Two frames of one kind laid side by side by their keys."""

from dataclasses import dataclass

import polars as pl

from rosterhold.roster.kinds import Kind
from rosterhold.roster.references import Renames, under_todays_ids


@dataclass(frozen=True, slots=True)
class Matched:
    """Which rows are in both frames, and which in one alone.

    Rows are matched by number, so that only rows that differ are ever put together.

    Attributes:
        before: the baseline's rows.
        after: the snapshot's rows.
        added: rows of `after` whose key `before` lacks.
        changed: rows of `after` whose key is in both and that differ in a compared column.
        missing: rows of `before` whose key `after` lacks.
    """

    before: pl.DataFrame
    after: pl.DataFrame
    added: pl.DataFrame
    changed: pl.DataFrame
    missing: pl.DataFrame


def match(kind: Kind, before: pl.DataFrame, after: pl.DataFrame, renames: Renames) -> Matched:
    """Match by key; a pair of re-identified records is still the same pair."""
    if not renames and before.equals(after):
        none = after.clear()
        return Matched(before=before, after=after, added=none, changed=none, missing=none)
    rows = _row_numbers(under_todays_ids(before.select(kind.key), renames), after.select(kind.key))
    return Matched(
        before=before,
        after=after,
        added=after[rows.filter(pl.col("before").is_null())["after"].sort()],
        changed=after[_differing(kind, before, after, rows.drop_nulls()).sort()],
        missing=before[rows.filter(pl.col("after").is_null())["before"].sort()],
    )


def _row_numbers(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Where each key stands in the two frames: `before` and `after`, null where it is not."""
    return (
        before.lazy()
        .with_row_index("before")
        .join(after.lazy().with_row_index("after"), on=before.columns, how="full")
        .select("before", "after")
        .collect()
    )


def _differing(
    kind: Kind, before: pl.DataFrame, after: pl.DataFrame, both: pl.DataFrame
) -> pl.Series:
    """Row numbers in `after` of the rows that differ; rows are gathered a column at a time."""
    if not kind.columns or both.is_empty():
        return both["after"].clear()
    rows_before, rows_after = pl.lit(both["before"]), pl.lit(both["after"])
    differs = pl.any_horizontal(
        pl.lit(before[column])
        .gather(rows_before)
        .ne_missing(pl.lit(after[column]).gather(rows_after))
        for column in kind.columns
    )
    return both["after"].filter(pl.select(differs).to_series())
