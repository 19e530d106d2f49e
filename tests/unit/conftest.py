"""A district's roster, built with the verbs of a school office."""

import json
from collections.abc import Callable, Iterable
from copy import deepcopy

import polars as pl
import pytest

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.references import LIST_REFERENCES, REFERENCES
from rosterhold.roster.snapshot import INVALID_SCHEMA, Frames, schema
from rosterhold.statemachine.evaluation import Evaluation, evaluate
from rosterhold.statemachine.findings import SUBJECT_SCHEMA
from rosterhold.statemachine.policy import Policies

Row = dict[str, str]


class RosterBuilder:
    """A roster that people enter, leave, and are renamed in."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[str, ...], Row]] = {name: {} for name in KINDS}

    def put(self, kind: str, **values: str) -> "RosterBuilder":
        row = {column: values.get(column, "") for column in KINDS[kind].all_columns}
        unknown = values.keys() - row.keys()
        assert not unknown, unknown
        self.rows[kind][tuple(row[column] for column in KINDS[kind].key)] = row
        return self

    def school(self, clever_id: str, **values: str) -> "RosterBuilder":
        return self.put("schools", **{"clever_id": clever_id, "name": clever_id, **values})

    def student(self, clever_id: str, *schools: str, **values: str) -> "RosterBuilder":
        return self._person("students", clever_id, schools, values)

    def students(self, count: int, *schools: str, prefix: str = "s") -> "RosterBuilder":
        for number in range(count):
            self.student(f"{prefix}{number}", *(schools or ("Lincoln",)))
        return self

    def teacher(self, clever_id: str, *schools: str, **values: str) -> "RosterBuilder":
        return self._person("teachers", clever_id, schools, values)

    def section(
        self, clever_id: str, school: str, students: Iterable[str] = (), **values: str
    ) -> "RosterBuilder":
        self.put("sections", clever_id=clever_id, school_clever_id=school, **values)
        for student in students:
            self.enrol(student, clever_id)
        return self

    def enrol(self, student: str, section: str) -> "RosterBuilder":
        school = self.rows["sections"][section,]["school_clever_id"]
        return self.put(
            "enrolments",
            section_clever_id=section,
            student_clever_id=student,
            school_clever_id=school,
        )

    def guardian(
        self, clever_id: str, *students: str, types: Iterable[str] = ("Primary",), **values: str
    ) -> "RosterBuilder":
        school = self._school_of(students[0]) if students else ""
        self.put(
            "contacts",
            **{
                "clever_id": clever_id,
                "student_clever_id": students[0] if students else "",
                "school_clever_id": school,
                **values,
            },
        )
        for student in students:
            self.link(clever_id, student, types)
        return self

    def guardians(self, count: int, student: str, prefix: str = "g") -> "RosterBuilder":
        for number in range(count):
            self.guardian(f"{prefix}{number}", student)
        return self

    def link(
        self, contact: str, student: str, types: Iterable[str] = ("Primary",)
    ) -> "RosterBuilder":
        return self.put(
            "guardianships",
            contact_clever_id=contact,
            student_clever_id=student,
            types=_list(types),
            school_clever_id=self._school_of(student),
        )

    def leaves(self, kind: str, *ids: str) -> "RosterBuilder":
        """Records go, with the pairs that join them."""
        for clever_id in ids:
            del self.rows[kind][clever_id,]
        for name in ("enrolments", "guardianships"):
            ends = [column for column in KINDS[name].key if REFERENCES[column] == kind]
            self.rows[name] = {
                key: row
                for key, row in self.rows[name].items()
                if not any(row[column] in ids for column in ends)
            }
        return self

    def changes(self, kind: str, clever_id: str, **values: str) -> "RosterBuilder":
        self.rows[kind][clever_id,].update(values)
        return self

    def renames(self, kind: str, old: str, new: str) -> "RosterBuilder":
        """A record gets a new Clever id, and everything that names it follows."""
        for name, rows in self.rows.items():
            for row in rows.values():
                for column in row:
                    if REFERENCES.get(column) == kind and row[column] == old:
                        row[column] = new
                    if LIST_REFERENCES.get(column) == kind and row[column]:
                        items = json.loads(row[column])
                        row[column] = _list(new if item == old else item for item in items)
                if name == kind and row["clever_id"] == old:
                    row["clever_id"] = new
            key = KINDS[name].key
            self.rows[name] = {tuple(row[part] for part in key): row for row in rows.values()}
        return self

    def later(self) -> "RosterBuilder":
        """The same roster, to change for the next sync."""
        return deepcopy(self)

    def frames(self) -> Frames:
        return {
            name: pl.DataFrame(list(rows.values()), schema=schema(KINDS[name])).lazy()
            for name, rows in self.rows.items()
        }

    def _person(
        self, kind: str, clever_id: str, schools: tuple[str, ...], values: Row
    ) -> "RosterBuilder":
        at = schools or ("Lincoln",)
        known = {"clever_id": clever_id, "sis_id": f"sis-{clever_id}"}
        places = {"school_clever_id": at[0], "school_clever_ids": _list(at)}
        return self.put(kind, **{**known, **places, **values})

    def _school_of(self, student: str) -> str:
        return self.rows["students"].get((student,), {}).get("school_clever_id", "")


def _list(items: Iterable[str]) -> str:
    return json.dumps(sorted(items), separators=(",", ":"))


@pytest.fixture(scope="session")
def roster() -> type[RosterBuilder]:
    return RosterBuilder


@pytest.fixture(scope="session")
def unreadable() -> Callable[..., pl.DataFrame]:
    """Invalid records from `kind=[ids]`; "" is a record whose id could not be read."""

    def of(**ids: list[str]) -> pl.DataFrame:
        rows = [(kind, one, "no name") for kind, listed in ids.items() for one in listed]
        return pl.DataFrame(rows, schema=INVALID_SCHEMA, orient="row")

    return of


@pytest.fixture(scope="session")
def subjects() -> Callable[..., pl.DataFrame]:
    """Subjects from rows of rule, kind, key and fact."""

    def of(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
        return pl.DataFrame(list(rows), schema=SUBJECT_SCHEMA, orient="row")

    return of


@pytest.fixture(scope="session")
def judge() -> Callable[..., Evaluation]:
    """Evaluate one roster after another; whatever is not said is empty or the default."""

    def of(
        before: RosterBuilder | None,
        now: RosterBuilder,
        *,
        invalid: pl.DataFrame | None = None,
        policies: Policies | None = None,
        leave_out: LeaveOut | None = None,
        approved: pl.DataFrame | None = None,
        accepted: pl.DataFrame | None = None,
    ) -> Evaluation:
        none = pl.DataFrame(schema=SUBJECT_SCHEMA)
        return evaluate(
            baseline=(before or RosterBuilder()).frames(),
            snapshot=now.frames(),
            invalid=pl.DataFrame(schema=INVALID_SCHEMA) if invalid is None else invalid,
            policies=policies or Policies(),
            first=before is None,
            leave_out=leave_out or LeaveOut(),
            approved=none if approved is None else approved,
            accepted=none if accepted is None else accepted,
        )

    return of
