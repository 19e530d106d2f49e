"""Made-up classes: terms, courses and sections for the students and teachers of schools."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from rosterhold.simulator.ids import IdSequence
from rosterhold.simulator.names import LONG_SECTION_SIS_ID
from rosterhold.simulator.people import GRADES
from rosterhold.simulator.records import Record

CLASS_SIZE = 24
SHARE_OF_TEAMS = 0.05
LONG_ID_SECTION, SHORT_ID_SECTION = 1, 2

ELEMENTARY = (
    ("Homeroom", "homeroom/advisory"),
    ("Mathematics", "math"),
    ("Art and Music", "arts and music"),
)
SECONDARY = (
    ("Mathematics", "math"),
    ("English", "english/language arts"),
    ("Science", "science"),
    ("Social Studies", "social studies"),
    ("Physical Education", "PE and health"),
    ("Spanish", "language"),
)

Rosters = dict[str, dict[str, list[str]]]
"""Students by school and grade."""


@dataclass
class Timetable:
    """Makes the classes of one school year; `year` is the one in which it begins."""

    district: str
    rng: random.Random
    ids: IdSequence
    stamp: str
    year: int
    terms: list[Record] = field(default_factory=list)
    courses: dict[tuple[str, str], Record] = field(default_factory=dict)
    made: int = 0

    def plan(self, rosters: Rosters) -> None:
        """Make the terms, and the courses that these grades need."""
        self.terms = [
            self._term("Full Year", f"{self.year}-08-18", f"{self.year + 1}-06-05"),
            self._term("Semester 1", f"{self.year}-08-18", f"{self.year}-12-19"),
            self._term("Semester 2", f"{self.year + 1}-01-05", f"{self.year + 1}-06-05"),
        ]
        grades = {grade for classes in rosters.values() for grade in classes}
        for grade in sorted(grades):
            for name, _subject in subjects_of(grade):
                label = f"{name} {grade}" if grade else name
                self.courses[grade, name] = {
                    "id": self.ids.next(),
                    "district": self.district,
                    "name": label,
                    "number": f"{name[:3].upper()}-{grade or 'X'}",
                }

    def sections(self, rosters: Rosters, teachers: dict[str, list[str]]) -> Iterator[Record]:
        """Make the sections school by school; a school without teachers has none."""
        for school, classes in rosters.items():
            staff = teachers.get(school, [])
            if not staff:
                continue
            teaching = staff[: max(1, round(len(staff) * 0.9))]
            for grade, students in classes.items():
                yield from self._grade(school, grade, students, teaching)

    def _term(self, name: str, start: str, end: str) -> Record:
        return {
            "id": self.ids.next(),
            "district": self.district,
            "name": f"{name} {self.year}-{self.year + 1}",
            "start_date": start,
            "end_date": end,
        }

    def _grade(
        self, school: str, grade: str, students: list[str], teachers: list[str]
    ) -> Iterator[Record]:
        groups = max(1, round(len(students) / CLASS_SIZE))
        for period, (name, subject) in enumerate(subjects_of(grade)):
            for group in range(groups):
                members = students[group::groups]
                if members:
                    yield self._section(school, grade, name, subject, period, members, teachers)

    def _section(
        self,
        school: str,
        grade: str,
        name: str,
        subject: str,
        period: int,
        students: list[str],
        teachers: list[str],
    ) -> Record:
        self.made += 1
        main = teachers[self.made % len(teachers)]
        team = [main]
        if self.rng.random() < SHARE_OF_TEAMS:
            team += self.rng.sample(teachers, min(len(teachers), 3))
        term = self.terms[0] if grade in GRADES[:6] else self.terms[1 + period % 2]
        return {
            "course": self.courses[grade, name]["id"],
            "created": self.stamp,
            "district": self.district,
            "grade": grade,
            "last_modified": self.stamp,
            "name": f"{name} {grade} - {self.made}",
            "period": str(period + 1),
            "school": school,
            "section_number": "" if self.made % 3 else str(self.made),
            "sis_id": self._sis_id(),
            "students": students,
            "subject": subject,
            "teacher": main,
            "teachers": list(dict.fromkeys(team)),
            "term_id": term["id"],
            "id": self.ids.next(),
        }

    def _sis_id(self) -> str:
        """Number the section; the first two have the odd lengths that real districts show."""
        if self.made == LONG_ID_SECTION:
            return LONG_SECTION_SIS_ID
        return "1" if self.made == SHORT_ID_SECTION else f"{self.year}-{self.made}"


def subjects_of(grade: str) -> tuple[tuple[str, str], ...]:
    return ELEMENTARY if grade in GRADES[:6] else SECONDARY
