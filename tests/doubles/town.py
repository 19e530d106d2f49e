"""A small town with two schools, and what Clever says of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import polars as pl

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import INVALID_SCHEMA, schema

Key = tuple[str, ...]
Row = dict[str, str]
Rows = dict[str, dict[Key, Row]]

SCHOOLS = ("north", "south")
SEATS = 6
CROWD = 6


def nobody() -> Rows:
    return {name: {} for name in KINDS}


@dataclass(frozen=True)
class Town:
    """What is true of the town; every verb gives the town as it is then."""

    gone: frozenset[str] = frozenset()
    unshared: frozenset[str] = frozenset()
    crowded: frozenset[str] = frozenset()
    emergency: bool = False
    unreadable: frozenset[str] = frozenset()
    married: bool = False

    def leave(self, *people: str) -> "Town":
        return replace(self, gone=self.gone | set(people))

    def come_back(self, *people: str) -> "Town":
        return replace(self, gone=self.gone - set(people))

    def unshare(self, school: str) -> "Town":
        return replace(self, unshared=self.unshared | {school})

    def share(self, school: str) -> "Town":
        return replace(self, unshared=self.unshared - {school})

    def crowd(self, student: str) -> "Town":
        """Six people say that they are the student's guardians; or they no longer do."""
        return replace(self, crowded=self.crowded ^ {student})

    def emergency_contacts(self) -> "Town":
        return replace(self, emergency=not self.emergency)

    def scramble(self, student: str) -> "Town":
        """A student's record can no longer be read; or it can again."""
        return replace(self, unreadable=self.unreadable ^ {student})

    def marry(self) -> "Town":
        return replace(self, married=not self.married)


def students_of(school: str) -> tuple[str, ...]:
    return tuple(f"{school}-student-{number}" for number in range(1, SEATS + 1))


def teacher_of(school: str) -> str:
    return f"{school}-teacher"


Change = Callable[[Town], Town]


def _changes_of(school: str) -> tuple[Change, ...]:
    students = students_of(school)
    return (
        lambda town: town.leave(students[-1]),
        lambda town: town.leave(*students[1:]),
        lambda town: town.leave(*students),
        lambda town: town.come_back(*students),
        lambda town: town.come_back(*students[:3]),
        lambda town: town.leave(teacher_of(school)),
        lambda town: town.unshare(school),
        lambda town: town.share(school),
        lambda town: town.crowd(students[0]),
        lambda town: town.scramble(students[0]),
        lambda town: town.scramble(students[2]),
    )


# The ways in which a town loses many records at once.
DEPARTURES: tuple[Change, ...] = tuple(
    change
    for school in SCHOOLS
    for change in (
        lambda town, school=school: town.leave(*students_of(school)[1:]),
        lambda town, school=school: town.leave(*students_of(school)),
        lambda town, school=school: town.unshare(school),
    )
)

# What can happen to a town in one step; now and then nothing.
CHANGES: tuple[Change, ...] = (
    lambda town: town,
    lambda town: Town(),
    Town.emergency_contacts,
    Town.marry,
    *(change for school in SCHOOLS for change in _changes_of(school)),
)


@dataclass(frozen=True)
class Shared:
    """What Clever gives of a town: rows by kind and key, and what could not be read."""

    rows: Rows
    unreadable: tuple[tuple[str, str, str], ...]

    def frames(self) -> dict[str, pl.DataFrame]:
        return _frames(self)

    def invalid(self) -> pl.DataFrame:
        return pl.DataFrame(list(self.unreadable), schema=INVALID_SCHEMA, orient="row")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass
class _Rows:
    rows: Rows = field(default_factory=nobody)

    def put(self, kind: str, **values: str) -> None:
        row = {column: values.get(column, "") for column in KINDS[kind].all_columns}
        self.rows[kind][tuple(row[part] for part in KINDS[kind].key)] = row


@lru_cache(maxsize=20_000)
def shared(town: Town) -> Shared:
    """The town as Clever gives it."""
    made = _Rows()
    unreadable = []
    for school in sorted(set(SCHOOLS) - town.unshared):
        made.put("schools", clever_id=school, name=school.title())
        here = [student for student in students_of(school) if student not in town.gone]
        unreadable += [("students", one, "no name") for one in here if one in town.unreadable]
        _people(made, town, school, here)
        made.put("sections", clever_id=f"{school}-math", school_clever_id=school)
        readable = [student for student in here if student not in town.unreadable]
        for student in readable[:2]:
            made.put(
                "enrolments",
                section_clever_id=f"{school}-math",
                student_clever_id=student,
                school_clever_id=school,
            )
        _guardians(made, town, school, readable)
    return Shared(made.rows, tuple(unreadable))


def _people(made: _Rows, town: Town, school: str, here: list[str]) -> None:
    places = {"school_clever_id": school, "school_clever_ids": json.dumps([school])}
    for student in here:
        last_name = "Married" if town.married and student.endswith("2") else student
        if student not in town.unreadable:
            made.put("students", clever_id=student, sis_id=student, last_name=last_name, **places)
    teacher = teacher_of(school)
    if teacher not in town.gone:
        made.put("teachers", clever_id=teacher, sis_id=teacher, last_name=teacher, **places)


def _guardians(made: _Rows, town: Town, school: str, here: list[str]) -> None:
    def guardian(name: str, student: str, types: str) -> None:
        own = {"school_clever_id": school, "student_clever_id": student}
        made.put("contacts", clever_id=name, sis_id=name, last_name=name, **own)
        made.put("guardianships", contact_clever_id=name, types=types, **own)

    for student in here[:2]:
        guardian(f"{student}-parent", student, '["Primary"]')
    for student in set(here) & town.crowded:
        for number in range(CROWD):
            guardian(f"{student}-crowd-{number}", student, '["Family"]')
    if town.emergency and here:
        guardian(f"{here[-1]}-neighbour", here[-1], '["Emergency"]')


@lru_cache(maxsize=20_000)
def _frames(given: Shared) -> dict[str, pl.DataFrame]:
    return {
        name: pl.DataFrame(
            [given.rows[name][key] for key in sorted(given.rows[name])], schema=schema(kind)
        )
        for name, kind in KINDS.items()
    }
