"""What the records of one page were before, and what they become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.roster.changes import CHANGED, REIDENTIFIED, REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.language import N_
from rosterhold.roster.references import among, record_key
from rosterhold.roster.store import SnapshotLostError
from rosterhold.web.evaluated import Evaluated
from rosterhold.web.kept_frames import kept

# The columns that say something to a person, as they are called; ids of other records do not.
COLUMN_WORDS: Final[Mapping[str, str]] = {
    "name": N_("name"),
    "first_name": N_("first name"),
    "middle_name": N_("middle name"),
    "last_name": N_("last name"),
    "grade": N_("grade"),
    "title": N_("title"),
    "department": N_("department"),
    "student_number": N_("number"),
    "teacher_number": N_("number"),
    "school_number": N_("number"),
    "number": N_("number"),
    "staff_id": N_("number"),
    "sis_id": N_("SIS id"),
    "state_id": N_("state id"),
    "email": N_("e-mail"),
    "username": N_("user name"),
    "phone": N_("phone"),
    "phone_type": N_("kind of phone"),
    "subject": N_("subject"),
    "period": N_("period"),
    "section_number": N_("section"),
    "school_clever_id": N_("school"),
    "start_date": N_("begins"),
    "end_date": N_("ends"),
    "dob": N_("date of birth"),
    "gender": N_("gender"),
    "graduation_year": N_("graduates"),
    "low_grade": N_("lowest grade"),
    "high_grade": N_("highest grade"),
    "principal_name": N_("principal"),
    "principal_email": N_("principal's e-mail"),
    "types": N_("type"),
    "relationships": N_("relationship"),
}
CLASSES: Final = N_("classes")
_FORMER_ID: Final = N_("Clever id")

# Of what is removed, what tells most; its name, school and grade stand in the list already.
_TELLING: Final = (
    "student_number", "teacher_number", "staff_id", "school_number", "number", "email", "period",
    "section_number", "phone", "end_date",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a record; `after` is None for a record that goes."""

    label: str
    before: str
    after: str | None = None


Facts = Mapping[tuple[str, str], Sequence[Fact]]


def facts_of(found: Evaluated, change: str, page: pl.DataFrame) -> Facts:
    """Kind and key of the records of a page → what to tell of each."""
    facts: dict[tuple[str, str], list[Fact]] = {}
    for (name,), rows in page.partition_by("kind", as_dict=True).items():
        kind = KINDS[str(name)]
        if change == REIDENTIFIED:
            for key, was in rows.select("key", "was").iter_rows():
                facts[kind.name, key] = [Fact(_FORMER_ID, was, key)]
        elif change in {REMOVED, CHANGED}:
            facts |= _facts_of_kind(found, change, kind, rows["key"])
    return facts


def _facts_of_kind(
    found: Evaluated, change: str, kind: Kind, keys: pl.Series
) -> dict[tuple[str, str], list[Fact]]:
    """What was, of the records with these keys; nothing when the file is gone."""
    if change == REMOVED and not set(_TELLING) & set(kind.columns):
        return {}
    try:
        stored = _stored(found, change, kind, keys)
    except SnapshotLostError:
        return {}
    if change == CHANGED:
        before = _of_keys(found.baseline()[kind.name], kind, keys).collect()
        earlier = {row["key"]: row for row in before.iter_rows(named=True)}
        return {
            (kind.name, row["key"]): _differences(kind, earlier[row["key"]], row, found.schools)
            for row in stored.iter_rows(named=True)
            if row["key"] in earlier
        }
    classes = _classes(found, keys) if kind.name == "students" else {}
    return {
        (kind.name, row["key"]): [
            *(
                Fact(COLUMN_WORDS[column], row[column])
                for column in _TELLING
                if column in kind.columns and row[column]
            ),
            *([Fact(CLASSES, str(classes[row["key"]]))] if row["key"] in classes else []),
        ]
        for row in stored.iter_rows(named=True)
    }


def _stored(found: Evaluated, change: str, kind: Kind, keys: pl.Series) -> pl.DataFrame:
    """The rows of these keys in the change set; of those that go, what tells most."""
    ref = layout.changes_ref(found.prefix, kind.name)
    if change == REMOVED:
        gone = kept(found.store, ref, REMOVED, partial(_what_goes, found, kind, ref))
        return gone.filter(among("key", keys))
    rows = _of_keys(found.store.scan([ref]), kind, keys)
    return rows.filter(pl.col("change") == change).collect()


def _what_goes(found: Evaluated, kind: Kind, ref: str) -> pl.DataFrame:
    """Of all records of a kind that go, what tells most."""
    rows = found.store.scan([ref]).filter(pl.col("change") == REMOVED)
    told = [column for column in _TELLING if column in kind.columns]
    return rows.select(record_key(kind.key).alias("key"), *told).collect()


def _of_keys(rows: pl.LazyFrame, kind: Kind, keys: pl.Series) -> pl.LazyFrame:
    key = record_key(kind.key)
    return rows.filter(among(key, keys)).with_columns(key.alias("key"))


def _differences(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], schools: Mapping[str, str]
) -> list[Fact]:
    def shown(column: str, value: str) -> str:
        return schools.get(value, value) if column == "school_clever_id" else value

    return [
        Fact(COLUMN_WORDS[column], shown(column, before[column]), shown(column, after[column]))
        for column in kind.columns
        if column in COLUMN_WORDS and before[column] != after[column]
    ]


def _classes(found: Evaluated, students: pl.Series) -> dict[str, int]:
    """How many classes each of these students would leave."""
    ref = layout.changes_ref(found.prefix, "enrolments")
    try:
        left = kept(found.store, ref, "classes", partial(_classes_left, found, ref))
    except SnapshotLostError:
        return {}
    return dict(left.filter(among("student_clever_id", students)).iter_rows())


def _classes_left(found: Evaluated, ref: str) -> pl.DataFrame:
    """How many classes each student would leave."""
    rows = found.store.scan([ref]).filter(pl.col("change") == REMOVED)
    return rows.group_by("student_clever_id").agg(pl.len()).collect()
