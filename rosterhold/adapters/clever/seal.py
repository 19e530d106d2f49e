"""Sealing: the pages of all lists become one Parquet file a kind.

Ids rise strictly through a list, so its records are sorted and there only once as they come.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from rosterhold.adapters.clever.columns import (
    INVALID_REASON,
    LINK_RELATIONSHIPS,
    LINK_TYPES,
    LISTINGS,
    STUDENT_IDS,
)
from rosterhold.roster.kinds import CONTACTS, ENROLMENTS, GUARDIANSHIPS, KINDS, STUDENTS
from rosterhold.roster.snapshot import INVALID_COLUMNS, Manifest
from rosterhold.roster.store import SnapshotStore

_READ: Final = pl.col(INVALID_REASON) == ""


def seal(store: SnapshotStore, prefix: str, parts: Mapping[str, Sequence[str]]) -> Manifest:
    """Write a file for each kind and one for the invalid records; the caller keeps the manifest.

    Args:
        store: holds the parts.
        prefix: of the snapshot.
        parts: list name → references of its parts in order, at least one each.
    """
    lists = {name: store.scan(refs) for name, refs in parts.items()}
    students = lists[STUDENTS.name].select("clever_id", "school_clever_id").collect()
    guardianships = _guardianships(lists[CONTACTS.name].filter(_READ), students)
    frames = {name: rows.filter(_READ) for name, rows in lists.items()} | {
        CONTACTS.name: _contacts(lists[CONTACTS.name].filter(_READ), guardianships),
        ENROLMENTS.name: _enrolments(lists["sections"].filter(_READ), students).lazy(),
        GUARDIANSHIPS.name: guardianships.lazy(),
    }
    files, counts = {}, {}
    for name, kind in KINDS.items():
        rows = frames[name].select(kind.all_columns).collect()
        files[name], counts[name] = f"{prefix}/{name}.parquet", rows.height
        store.write(files[name], rows)
    invalid = _invalid(lists)
    store.write(f"{prefix}/invalid.parquet", invalid)
    invalid_counts = {str(name): number for name, number in invalid["kind"].value_counts().rows()}
    return Manifest(files, counts, f"{prefix}/invalid.parquet", invalid_counts)


def is_empty(manifest: Manifest) -> bool:
    """Whether it has no school and nobody, as if nothing were shared."""
    telling = ["schools", *(name for name, kind in KINDS.items() if kind.people)]
    return not any(
        manifest.counts[name] or manifest.invalid_counts.get(name, 0) for name in telling
    )


def _lines(column: str) -> pl.Expr:
    return pl.col(column).str.split("\n")


def _enrolments(sections: pl.LazyFrame, students: pl.DataFrame) -> pl.DataFrame:
    """Who is in which class. A class may name students that are not shared; they are left out."""
    return (
        sections.select(
            pl.col("clever_id").alias("section_clever_id"),
            _lines(STUDENT_IDS).alias("student_clever_id"),
            "school_clever_id",
        )
        .explode("student_clever_id")
        .join(students.lazy(), left_on="student_clever_id", right_on="clever_id", how="semi")
        .sort(ENROLMENTS.key)
        .collect()
    )


def _guardianships(contacts: pl.LazyFrame, students: pl.DataFrame) -> pl.DataFrame:
    """Who is whose guardian, with the student's school; students not shared are left out."""
    return (
        contacts.select(
            pl.col("clever_id").alias("contact_clever_id"),
            _lines(STUDENT_IDS).alias("student_clever_id"),
            _lines(LINK_TYPES).alias("types"),
            _lines(LINK_RELATIONSHIPS).alias("relationships"),
        )
        .explode("student_clever_id", "types", "relationships")
        .join(students.lazy(), left_on="student_clever_id", right_on="clever_id", how="inner")
        .sort(GUARDIANSHIPS.key)
        .collect()
    )


def _contacts(contacts: pl.LazyFrame, guardianships: pl.DataFrame) -> pl.LazyFrame:
    """Contacts with the first of their students by id, and that student's school."""
    first = guardianships.unique("contact_clever_id", keep="first", maintain_order=True).select(
        pl.col("contact_clever_id").alias("clever_id"), *CONTACTS.derived
    )
    own = contacts.select(CONTACTS.key + CONTACTS.columns)
    return own.join(first.lazy(), on="clever_id", how="left", maintain_order="left").with_columns(
        pl.col(CONTACTS.derived).fill_null("")
    )


def _invalid(lists: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """All records that could not be read, in INVALID_COLUMNS."""
    rows = [
        lists[listing.name]
        .filter(~_READ)
        .select(pl.lit(listing.name).alias("kind"), "clever_id", reason=INVALID_REASON)
        for listing in LISTINGS
    ]
    return pl.concat(rows).select(INVALID_COLUMNS).sort(INVALID_COLUMNS).collect()
