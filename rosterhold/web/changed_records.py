"""Which records a sync changes, as the change set and the list of removals have them."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from rosterhold.adapters import layout
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.roster.changes import REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.findings import record_key

COLUMNS: Final = ("change", "kind", "id", "name", "detail", "school_id", "school", "former_id")


def school_names(conn: sa.Connection, district_id: str) -> dict[str, str]:
    schools = ROSTER["schools"]
    rows = conn.execute(
        sa.select(schools.c.clever_id, schools.c.name).where(schools.c.district_id == district_id)
    )
    return {row.clever_id: row.name for row in rows}


def changes_of(store: SnapshotStore, prefix: str, kind: Kind) -> pl.LazyFrame | None:
    """The change set of a kind, with the kind's own columns; None when the file is gone."""
    try:
        return store.scan([layout.changes_ref(prefix, kind.name)])
    except SnapshotLostError:
        return None


def removed_records(store: SnapshotStore, prefix: str) -> pl.LazyFrame | None:
    """What is removed of all kinds, in COLUMNS; None when the file is gone."""
    try:
        removed = store.scan([layout.removed_ref(prefix)])
    except SnapshotLostError:
        return None
    return removed.select(
        pl.lit(REMOVED).alias("change"),
        "kind",
        pl.col("key").alias("id"),
        "name",
        "detail",
        pl.col("school").alias("school_id"),
        pl.col("school_name").alias("school"),
        pl.lit("").alias("former_id"),
    )


def shown(kind: Kind, names: Mapping[str, str]) -> list[pl.Expr]:
    """COLUMNS, of the change set of a kind; `names` has the schools' by their Clever ids."""
    school = pl.col("school_clever_id") if kind.has_school else pl.lit("")
    return [
        pl.col("change"),
        pl.lit(kind.name).alias("kind"),
        record_key(kind.key).alias("id"),
        _name(kind).alias("name"),
        pl.lit("").alias("detail"),
        school.alias("school_id"),
        school.replace_strict(dict(names), default="", return_dtype=pl.String()).alias("school"),
        pl.col("was").alias("former_id"),
    ]


def _name(kind: Kind) -> pl.Expr:
    if "last_name" in kind.columns:
        return pl.concat_str("last_name", "first_name", separator=", ")
    return pl.col("name") if "name" in kind.columns else pl.lit("")


def page_of_changes(
    store: SnapshotStore,
    prefix: str,
    names: Mapping[str, str],
    wanted: Mapping[str, str],
    *,
    start: int,
    limit: int,
) -> list[dict[str, Any]] | None:
    """Some of what is removed, then added, changed or re-identified of each kind, in COLUMNS.

    None when the files are there no longer.

    Args:
        store: where the evaluation's files are.
        prefix: of the evaluation.
        names: Clever id → name of the district's schools.
        wanted: column → the value that it must have.
        start: how many of those to pass over.
        limit: how many to give at most.
    """
    parts = [removed_records(store, prefix)]
    for kind in KINDS.values():
        changes = changes_of(store, prefix, kind)
        if changes is not None:
            parts.append(changes.filter(pl.col("change") != REMOVED).select(shown(kind, names)))
    there = [part for part in parts if part is not None]
    if not there:
        return None
    every = pl.concat(there)
    if wanted:
        every = every.filter(**wanted)
    return every.slice(start, limit).collect().to_dicts()
