"""For which schools a record counts: for each one that it names."""

import polars as pl

from rosterhold.roster.kinds import Kind
from rosterhold.roster.lists import items_of

_OWN = "school_clever_id"
_ALL = "school_clever_ids"


def at_schools(kind: Kind, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their ``school``: a row for each school of a record, none without a school.

    A student of two schools counts for both, whichever is named first.
    """
    if not kind.has_school:
        return rows.clear().with_columns(pl.lit("").alias("school"))
    named = _school_columns(kind)
    homes = rows.select(named).unique()
    schools = [homes.with_columns(pl.col(_OWN).alias("school"))]
    if _ALL in named:
        items = items_of(homes[_ALL]).rename({"item": "school"})
        schools.append(homes.join(items, left_on=_ALL, right_on="text"))
    listed = pl.concat(schools).filter(pl.col("school") != "").unique()
    return rows.join(listed, on=named, maintain_order="left")


def count_at_schools(kind: Kind, rows: pl.LazyFrame) -> pl.DataFrame:
    """How many ``records`` of a kind each ``school`` has."""
    named = _school_columns(kind) if kind.has_school else []
    if not named:
        return pl.DataFrame(schema={"school": pl.String(), "records": pl.UInt32()})
    homes = rows.group_by(named).agg(pl.len().alias("records")).collect()
    return at_schools(kind, homes).group_by("school").agg(pl.col("records").sum())


def _school_columns(kind: Kind) -> list[str]:
    return [column for column in (_OWN, _ALL) if column in kind.all_columns]
