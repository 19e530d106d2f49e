"""The records that would be removed, ready to be searched: the list that is looked at most."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database.views import FindingView
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.web.evaluated import Evaluated, tally_of
from rosterhold.web.kept_frames import kept

# Longer lists are read from their file for each page.
MOST_KEPT: Final = 500_000
_KEPT_SUMMARIES: Final = 64


def sought() -> pl.Expr:
    """What a search looks through: name and key in lower case, a line each."""
    return pl.concat_str(
        pl.col("name").str.to_lowercase(), pl.col("key").str.to_lowercase(), separator="\n"
    ).alias("sought")


def removed_rows(found: Evaluated, finding: FindingView | None) -> pl.LazyFrame:
    """What would be removed, or what of it a finding is about, with `was` and `sought`.

    Raises:
        SnapshotLostError: the file is gone.
    """
    store, ref = found.store, found.removed_ref
    if sum(of.get("removed", 0) for of in found.counts.values()) > MOST_KEPT:
        rows = _read(found)
        return rows if finding is None else _of_finding(rows, found, finding)
    whole = kept(store, ref, "all", lambda: _read(found).collect())
    if finding is None:
        return whole.lazy()
    some = partial(_of_finding, whole.lazy(), found, finding)
    return kept(store, ref, finding.no, lambda: some().collect()).lazy()


def _read(found: Evaluated) -> pl.LazyFrame:
    rows = found.store.scan([found.removed_ref])
    return rows.with_columns(pl.lit("").alias("was"), sought())


def _of_finding(rows: pl.LazyFrame, found: Evaluated, finding: FindingView) -> pl.LazyFrame:
    return rows.join(
        subjects_of(found, finding).select("kind", "key").unique(),
        on=("kind", "key"),
        how="semi",
        maintain_order="left",
    )


def subjects_of(found: Evaluated, finding: FindingView) -> pl.LazyFrame:
    """The records that a finding is about."""
    named = found.store.scan([layout.named_ref(found.prefix)])
    return named.filter(pl.col("finding") == finding.no).drop("finding", "reason", "school")


@dataclass(frozen=True, slots=True)
class Summary:
    """How many records would be removed.

    Attributes:
        by_kind: of each kind.
        schools: Clever id, name and number of records of each school, by name.
    """

    by_kind: Mapping[str, int]
    schools: tuple[tuple[str, str, int], ...]


def summary_of(found: Evaluated) -> Summary:
    """Nothing when the file is gone."""
    try:
        return _summary(found.store, found.removed_ref)
    except SnapshotLostError:
        return Summary({}, ())


@lru_cache(_KEPT_SUMMARIES)
def _summary(store: SnapshotStore, ref: str) -> Summary:
    tally = tally_of(store, ref)
    schools = (
        tally.filter(pl.col("school") != "")
        .group_by("school", "school_name")
        .agg(pl.col("n").sum())
        .with_columns(
            pl.when(pl.col("school_name") == "")
            .then("school")
            .otherwise("school_name")
            .alias("school_name")
        )
        .sort("school_name", "school")
    )
    by_kind = dict(tally.group_by("kind").agg(pl.col("n").sum()).iter_rows())
    return Summary(by_kind, tuple(schools.iter_rows()))
