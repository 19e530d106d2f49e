"""What would be removed, as the sync report shows it: one row a record, for every kind."""

from typing import Final

import polars as pl

from rosterhold.roster.changes import REMOVED, ChangeSet
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.snapshot import Frames

REMOVED_COLUMNS: Final = ("kind", "key", "name", "detail", "school", "school_name")

# The column that tells most of a record beside its name.
_DETAIL: Final = {
    "students": "grade",
    "teachers": "title",
    "staff": "title",
    "district_admins": "title",
    "contacts": "phone_type",
    "sections": "subject",
    "courses": "number",
    "terms": "start_date",
    "schools": "school_number",
    "guardianships": "types",
}


def removed_records(changes: ChangeSet, baseline: Frames) -> pl.DataFrame:
    """The records that a change set removes, in REMOVED_COLUMNS, people first, then by name.

    Pairs are named by the records that they join.
    """
    names = _names(baseline)
    parts = [
        _rows(kind, changes.rows(name, REMOVED), names)
        for name, kind in KINDS.items()
        if changes.counts[name].removed
    ]
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(REMOVED_COLUMNS, pl.String()))
    schools = baseline["schools"].select(
        pl.col("clever_id").alias("school"), pl.col("name").alias("school_name")
    )
    return (
        pl.concat(parts)
        .lazy()
        .join(schools, on="school", how="left")
        .with_columns(pl.col("school_name").fill_null(""))
        .with_columns(pl.col("kind").replace_strict(_order(), default=99).alias("order"))
        .sort("order", "school_name", "name", "key")
        .select(REMOVED_COLUMNS)
        .collect()
    )


def _order() -> dict[str, int]:
    people = [name for name, kind in KINDS.items() if kind.people]
    others = [name for name, kind in KINDS.items() if not kind.people]
    return {name: place for place, name in enumerate(people + others)}


def _rows(kind: Kind, rows: pl.DataFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    detail = _DETAIL.get(kind.name)
    named = rows.lazy().with_columns(
        pl.concat_str([pl.col(column) for column in kind.key], separator="/").alias("key"),
        pl.lit(kind.name).alias("kind"),
        pl.col("school_clever_id").alias("school") if kind.has_school else _school_of(kind),
        pl.col(detail).alias("detail") if detail else pl.lit("").alias("detail"),
    )
    if kind.is_pair:
        first, second = kind.key
        named = (
            named.join(names, left_on=second, right_on="clever_id", how="left")
            .rename({"called": "second"})
            .join(names, left_on=first, right_on="clever_id", how="left")
            .with_columns(
                pl.concat_str(
                    pl.col("second").fill_null("?"), pl.col("called").fill_null("?"), separator=", "
                ).alias("name")
            )
        )
    else:
        named = named.with_columns(called(kind).alias("name"))
    return named.select("kind", "key", "name", "detail", "school")


def _school_of(kind: Kind) -> pl.Expr:
    """A school is its own school; a term, a course or an administrator has none."""
    own = pl.col("clever_id") if kind.name == "schools" else pl.lit("")
    return own.alias("school")


def called(kind: Kind) -> pl.Expr:
    """The name of a record that has one, as lists show it: `Doe, Jane`."""
    if "last_name" not in kind.columns:
        return pl.col("name")
    first, last = pl.col("first_name"), pl.col("last_name")
    return pl.when(first == "").then(last).otherwise(pl.concat_str(last, first, separator=", "))


def _names(baseline: Frames) -> pl.LazyFrame:
    """Clever id → name, of everything that a pair can join."""
    return pl.concat(
        baseline[name].select("clever_id", called(KINDS[name]).alias("called"))
        for name in ("students", "sections", "contacts")
    )
