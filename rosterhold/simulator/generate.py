"""Districts made up from a seed: the same seed and size give the same district, byte by byte."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rosterhold.simulator.district import District, district_info
from rosterhold.simulator.instants import instant
from rosterhold.simulator.names import (
    FIRST,
    LAST,
    LONG_FIRST_NAME,
    LONG_LAST_NAME,
    PLACES,
)
from rosterhold.simulator.people import GRADES, PeopleMaker
from rosterhold.simulator.records import ROLES, Record, encode
from rosterhold.simulator.timetable import Rosters, Timetable

SMALLEST = 10
"""A district has at least so many people."""

MOST_GUARDIANS = 5
"""A district can send no more contacts a student in its files (Clever, SFTP instructions)."""

STUDENTS_PER_SCHOOL = 480

DEFAULT_MOMENT = datetime(2025, 9, 15, 6, 30, tzinfo=UTC)

SMALL_DISTRICT = 500
"""Below so many people a district has one admin."""

FEW_STUDENTS = 10
"""Below so many students a district has one school."""

LARGEST_HOUSEHOLD = 3
SHARE_OF_LAST_CHILDREN = 0.7
SHARE_OF_SAME_LAST_NAMES = 0.7
SHARE_ELSEWHERE = 0.03
SHARE_OF_OTHER_SCHOOL_MEMBERS = 0.02
SHARE_IN_THREE_SCHOOLS = 0.003
SHARE_OF_TRAVELLING_TEACHERS = 0.05

TEACHER_AND_STAFF, TEACHER_WITH_LONG_USERNAME, STAFF_AND_ADMIN = 1, 3, 49
"""Which in each round of 40 teachers, 200 teachers and 50 staff has the oddity."""

LEVELS = (
    ("High School", GRADES[9:]),
    ("Elementary School", GRADES[:6]),
    ("Middle School", GRADES[6:9]),
    ("Elementary School", GRADES[:6]),
)


@dataclass
class _School:
    record: Record
    grades: tuple[str, ...]
    weight: float
    teachers: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.record["id"])


def generate_district(
    seed: int,
    people: int,
    *,
    name: str | None = None,
    clever_id: str | None = None,
    as_of: datetime = DEFAULT_MOMENT,
) -> District:
    """Make a whole district of `people` users, whose data cause no hold.

    Args:
        seed: what the drawing starts from.
        people: students, teachers, staff, district admins and contacts together.
        name: the district's name; made up if absent.
        clever_id: its 24-hex id; made up if absent.
        as_of: an aware moment, the district's last sync.

    Raises:
        ValueError: fewer people than `SMALLEST`.
    """
    if people < SMALLEST:
        raise ValueError(f"a district has at least {SMALLEST} people, not {people}")
    rng = random.Random(seed)
    identifier = clever_id or f"5{rng.getrandbits(64):016x}0000000"
    place = rng.choice(PLACES)
    stamp = instant(as_of)
    label = name or f"{place} Unified School District {seed}"
    district = District(district_info(identifier=identifier, name=label, last_sync=stamp))
    _Generator(district, rng, stamp, as_of.year).fill(people)
    return district


class _Generator:
    """Fills one district; the parts follow each other in the order of the ids."""

    def __init__(self, district: District, rng: random.Random, stamp: str, year: int) -> None:
        self.district = district
        self.rng = rng
        self.stamp = stamp
        self.people = PeopleMaker(district.id, rng, district.ids, stamp, year)
        self.timetable = Timetable(district.id, rng, district.ids, stamp, year)
        self.rosters: Rosters = {}
        self.roles: dict[str, list[str]] = {role: [] for role in ROLES}
        self.households: list[tuple[str, list[str]]] = []

    def fill(self, people: int) -> None:
        students = max(3, round(people * 0.42))
        teachers = max(2, round(people * 0.035))
        staff = max(1, round(people * 0.006))
        admins = 1 if people < SMALL_DISTRICT else 3
        schools = self._schools(students)
        self._students(schools, students)
        self._teachers(schools, teachers)
        self._staff(schools, staff)
        for _ in range(admins):
            self._add_user(self.people.admin())
        self._contacts(people - students - teachers - staff - admins)
        self._classes(schools)
        admin = self.district.tables["users"].get(self.roles["district_admin"][0])
        self.district.info["district_contact"] = {
            "id": admin["roles"]["district_admin"]["legacy_id"],
            "district": self.district.id,
            "email": admin["email"],
            "name": admin["name"],
            "title": "",
        }
        self.district.settle(self.roles)

    def _add_user(self, user: Record) -> str:
        identifier: str = user["id"]
        self.district.tables["users"].bodies[identifier] = encode(user)
        for role in user["roles"]:
            self.roles[role].append(identifier)
        return identifier

    def _schools(self, students: int) -> list[_School]:
        count = max(2 if students >= FEW_STUDENTS else 1, round(students / STUDENTS_PER_SCHOOL))
        schools = []
        for number in range(count):
            level, grades = LEVELS[number % len(LEVELS)]
            if count == 1:
                level, grades = "School", GRADES
            record = self._school(number, level, grades)
            self.district.add("schools", record)
            schools.append(_School(record, grades, self.rng.uniform(0.5, 1.3)))
        return schools

    def _school(self, number: int, level: str, grades: tuple[str, ...]) -> Record:
        place = PLACES[number % len(PLACES)]
        again = number // len(PLACES)
        label = f"{place} {level}" if not again else f"{place} {level} {again + 1}"
        first, last = self.rng.choice(FIRST), self.rng.choice(LAST)
        return {
            "id": self.district.ids.next(),
            "district": self.district.id,
            "name": label,
            "created": self.stamp,
            "last_modified": self.stamp,
            "sis_id": str(1001 + number),
            "school_number": str(1001 + number),
            "state_id": str(700_000 + number),
            "low_grade": grades[0],
            "high_grade": grades[-1],
            "phone": f"(555) 555-{number % 10_000:04d}",
            "location": {
                "address": f"{100 + number} School Rd",
                "city": place,
                "state": "CA",
                "zip": f"{90_000 + number % 9_000}",
            },
            "principal": {"name": f"{first} {last}", "email": f"principal{number}@example.org"},
            "ext": {},
        }

    def _students(self, schools: list[_School], count: int) -> None:
        rng = self.rng
        seats = rng.choices(schools, weights=[s.weight for s in schools], k=count)
        classes: dict[str, dict[str, list[str]]] = {school.id: {} for school in schools}
        household: list[str] = []
        last = rng.choice(LAST)
        for number, school in enumerate(seats):
            grade = school.grades[int(rng.random() * len(school.grades))]
            attended, visited = self._attended(school, schools)
            student = self.people.student(schools=attended, grade=grade, last=last)
            self._oddity_of_student(number, student)
            identifier = self._add_user(student)
            for place in dict.fromkeys([*attended, *visited]):
                classes[place].setdefault(grade, []).append(identifier)
            household.append(identifier)
            if rng.random() < SHARE_OF_LAST_CHILDREN or len(household) == LARGEST_HOUSEHOLD:
                self.households.append((last, household))
                household, last = [], LAST[int(rng.random() * len(LAST))]
        if household:
            self.households.append((last, household))
        self.rosters = classes

    def _attended(self, school: _School, schools: list[_School]) -> tuple[list[str], list[str]]:
        """Draw the schools a student is in, and those where only a class is visited."""
        draw = self.rng.random()
        if draw >= SHARE_ELSEWHERE or len(schools) == 1:
            return [school.id], []
        others = [other.id for other in schools if other is not school]
        more = self.rng.sample(others, min(len(others), 2 if draw < SHARE_IN_THREE_SCHOOLS else 1))
        return (
            ([school.id, *more], [])
            if draw < SHARE_OF_OTHER_SCHOOL_MEMBERS
            else ([school.id], more)
        )

    @staticmethod
    def _oddity_of_student(number: int, student: Record) -> None:
        """Give one student in a thousand each of the oddities that real districts show."""
        role = student["roles"]["student"]
        match number % 1000:
            case 1:
                student["name"]["first"] = LONG_FIRST_NAME
            case 2:
                student["name"]["last"] = LONG_LAST_NAME
            case 3:
                del role["dob"]
            case 4:
                role["credentials"]["district_username"] = ""
            case 5:
                student["email"] = student["email"].replace("@", ".")
            case 6:
                del student["name"]["middle"]
                role["ext"] = {"gifted_status": "Y"}
            case 7:
                student["email"] = role["email"] = ""

    def _teachers(self, schools: list[_School], count: int) -> None:
        total = sum(school.weight for school in schools)
        shares = [max(1, int(count * school.weight / total)) for school in schools]
        order = [s for s, share in zip(schools, shares, strict=True) for _ in range(share)][:count]
        order += self.rng.choices(schools, k=count - len(order))
        for number, school in enumerate(order):
            attended = [school.id]
            if self.rng.random() < SHARE_OF_TRAVELLING_TEACHERS:
                attended = list(dict.fromkeys([school.id, self.rng.choice(schools).id]))
            teacher = self.people.teacher(schools=attended)
            if number % 40 == TEACHER_AND_STAFF:
                teacher["roles"]["staff"] = self.people.staff_role([school.id])
            if number % 200 == TEACHER_WITH_LONG_USERNAME:
                username = teacher["roles"]["teacher"]["credentials"]["district_username"]
                teacher["roles"]["teacher"]["credentials"]["district_username"] = username * 4
            school.teachers.append(self._add_user(teacher))

    def _staff(self, schools: list[_School], count: int) -> None:
        for number in range(count):
            school = schools[number % len(schools)]
            user = self.people.staff(schools=[school.id])
            if number % 50 == STAFF_AND_ADMIN:
                user["roles"]["district_admin"] = {"title": "", "legacy_id": user["id"]}
            self._add_user(user)

    def _contacts(self, count: int) -> None:
        """Spread the contacts over the households, at most `MOST_GUARDIANS` for each."""
        wanted = [0] * len(self.households)
        left = min(count, MOST_GUARDIANS * len(wanted))
        while left:
            for number, has in enumerate(wanted):
                draw = self.rng.choice((0, 1, 1, 2, 2, 3))
                more = min(draw, left, MOST_GUARDIANS - has)
                wanted[number] += more
                left -= more
        made = 0
        for (last, students), guardians in zip(self.households, wanted, strict=True):
            for _ in range(guardians):
                made += 1
                sis_id = "" if made % 12 else f"C{made}"
                own = last if self.rng.random() < SHARE_OF_SAME_LAST_NAMES else None
                self._add_user(self.people.contact(students=students, last=own, sis_id=sis_id))

    def _classes(self, schools: list[_School]) -> None:
        self.timetable.plan(self.rosters)
        for term in self.timetable.terms:
            self.district.add("terms", term)
        for course in self.timetable.courses.values():
            self.district.add("courses", course)
        teachers = defaultdict(list, {school.id: school.teachers for school in schools})
        for section in self.timetable.sections(self.rosters, teachers):
            self.district.add("sections", section)
