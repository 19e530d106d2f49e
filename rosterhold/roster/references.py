"""How records name each other, and what becomes of those names when an id changes."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from rosterhold.roster.lists import replaced_in_lists

# A column that holds the Clever id of another record → the kind of that record.
REFERENCES: Final = {
    "school_clever_id": "schools",
    "course_clever_id": "courses",
    "term_clever_id": "terms",
    "teacher_clever_id": "teachers",
    "section_clever_id": "sections",
    "student_clever_id": "students",
    "contact_clever_id": "contacts",
}

# A column that holds a list of such ids → the kind of those records.
LIST_REFERENCES: Final = {"school_clever_ids": "schools", "teacher_clever_ids": "teachers"}

# Kind name → ids of the same records, before (`was`) and today (`clever_id`).
Renames = Mapping[str, pl.DataFrame]
NO_RENAMES: Final = {"was": pl.String(), "clever_id": pl.String()}


def record_key(columns: Iterable[str]) -> pl.Expr:
    """The key of a record as one text, its parts joined by a slash."""
    return pl.concat_str([pl.col(column) for column in columns], separator="/")


def among(column: pl.Expr | str, ids: pl.Series) -> pl.Expr:
    """Whether a column's value is one of these ids."""
    expression = pl.col(column) if isinstance(column, str) else column
    return expression.is_in(ids.implode())


def under_todays_ids(rows: pl.DataFrame, renames: Renames) -> pl.DataFrame:
    """Rows of the baseline with every reference to a re-identified record set to its new id."""
    single = [
        pl.col(column).replace(renames[kind]["was"], renames[kind]["clever_id"])
        for column, kind in REFERENCES.items()
        if column in rows.columns and kind in renames
    ]
    lists = [
        replaced_in_lists(column, renames[kind]["was"], renames[kind]["clever_id"])
        for column, kind in LIST_REFERENCES.items()
        if column in rows.columns and kind in renames
    ]
    return rows.with_columns(*single, *lists)
