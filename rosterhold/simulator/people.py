"""Made-up users in the shapes that recorded answers of Clever have."""

import random
from dataclasses import dataclass
from typing import Any

from rosterhold.simulator.ids import IdSequence
from rosterhold.simulator.names import (
    FIRST,
    LAST,
    MAIL_HOSTS,
    STREETS,
)
from rosterhold.simulator.records import Record

GRADES = ("Kindergarten", *(str(year) for year in range(1, 13)))
RACES = (
    "Caucasian",
    "Asian",
    "Black or African American",
    "American Indian",
    "Hawaiian or Other Pacific Islander",
    "Two or More Races",
    "Unknown",
    "",
)
SUBJECTS = ("Math", "English", "Science", "History", "Art", "PE", "Spanish", "Music")

SHARE_WITH_ELL_STATUS = 0.1
SHARE_OF_CONTACTS_WITH_PHONE = 0.55
SHARE_OF_CONTACTS_WITHOUT_MAIL = 0.2

LINKS = (
    ("Parent/Guardian", "Parent"),
    ("Parent/Guardian", "Other"),
    ("Parent/Guardian", "Parent"),
    ("Primary", "Parent"),
    ("Family", "Other"),
    ("Family", "Grandparent"),
    ("Other", "Other"),
    ("", ""),
)
"""(type, relationship) of guardians, the common ones more than once; none calls for a hold."""


@dataclass
class PeopleMaker:
    """Makes users of one district; ids rise in the order of making.

    `stamp` is the instant of `created` and `last_modified`, `year` the calendar year in which the
    school year begins.
    """

    district: str
    rng: random.Random
    ids: IdSequence
    stamp: str
    year: int
    made: int = 0

    def _pick(self, words: Any) -> Any:
        return words[int(self.rng.random() * len(words))]

    def _user(self, name: dict[str, str], mail: str, roles: Record) -> Record:
        self.made += 1
        return {
            "created": self.stamp,
            "district": self.district,
            "email": mail,
            "last_modified": self.stamp,
            "name": name,
            "id": self.ids.next(),
            "roles": roles,
        }

    def _mail(self, first: str, last: str) -> str:
        return f"{first}.{last}{self.made}@{self._pick(MAIL_HOSTS)}".lower()

    def student(
        self, *, schools: list[str], grade: str, last: str | None = None, sis_id: str = ""
    ) -> Record:
        """Make a student whose first school is the primary one."""
        rng = self.rng
        first, last = self._pick(FIRST), last or self._pick(LAST)
        number = sis_id or f"{100_000_000 + self.made}"
        age = 5 + GRADES.index(grade) if grade in GRADES else 18
        mail = self._mail(first, last)
        role: Record = {
            "credentials": {"district_username": f"{first}{last[0]}{self.made}".lower()},
            "dob": f"{1 + int(rng.random() * 12)}/{1 + int(rng.random() * 28)}/{self.year - age}",
            "enrollments": [],
            "gender": self._pick("MFMFMFX"),
            "grade": grade,
            "graduation_year": "" if self.made % 2 else str(self.year + 18 - age),
            "hispanic_ethnicity": self._pick(("Y", "N", "N", "")),
            "location": {
                "address": f"{1 + int(rng.random() * 999)} {self._pick(STREETS)}",
                "city": "",
                "state": "",
                "zip": f"{10_000 + int(rng.random() * 89_999)}",
            },
            "race": self._pick(RACES),
            "school": schools[0],
            "schools": schools,
            "sis_id": number,
            "state_id": str(int(rng.random() * 900_000_000) + 100_000_000),
            "student_number": number,
            "email": mail,
        }
        if rng.random() < SHARE_WITH_ELL_STATUS:
            role["ell_status"] = self._pick("YN")
        name = {"first": first, "last": last, "middle": self._pick("ABCDEFGHJKLMNPRST")}
        return self._user(name, mail, {"student": role})

    def teacher(self, *, schools: list[str], sis_id: str = "") -> Record:
        first, last = self._pick(FIRST), self._pick(LAST)
        number = sis_id or f"T{self.made}"
        role = {
            "credentials": {"district_username": f"{first}.{last}{self.made}".lower()},
            "school": schools[0],
            "schools": schools,
            "sis_id": number,
            "state_id": str(int(self.rng.random() * 900_000_000) + 100_000_000),
            "teacher_number": number,
            "title": f"{self._pick(SUBJECTS)} Teacher",
            "legacy_id": self.ids.next(),
        }
        return self._user(
            {"first": first, "last": last}, self._mail(first, last), {"teacher": role}
        )

    def staff_role(self, schools: list[str]) -> Record:
        return {
            "staff_id": f"S{self.made}",
            "schools": schools,
            "title": self._pick(("Principal", "Assistant Principal", "Registrar", "Counselor")),
            "department": self._pick(("Administration", "Counseling", "")),
            "roles": self._pick(([], ["PortalOnly"], ["SchoolTechLead"])),
            "credentials": {"district_username": f"staff{self.made}"},
            "legacy_id": self.ids.next(),
        }

    def staff(self, *, schools: list[str]) -> Record:
        first, last = self._pick(FIRST), self._pick(LAST)
        roles = {"staff": self.staff_role(schools)}
        return self._user({"first": first, "last": last}, self._mail(first, last), roles)

    def admin(self) -> Record:
        first, last = self._pick(FIRST), self._pick(LAST)
        roles = {"district_admin": {"title": "", "legacy_id": self.ids.next()}}
        return self._user({"first": first, "last": last}, self._mail(first, last), roles)

    def contact(self, *, students: list[str], last: str | None = None, sis_id: str = "") -> Record:
        """Make a guardian of these students; the whole name stands in `name.last`."""
        rng = self.rng
        first, last = self._pick(FIRST), last or self._pick(LAST)
        phone, phone_type = "", "Other"
        if rng.random() < SHARE_OF_CONTACTS_WITH_PHONE:
            draw = int(rng.random() * 8_000_000)
            phone = f"({200 + draw % 700}) 555-{draw // 800:04d}"
            phone_type = self._pick(("Cell", "Home", "Work", "Other"))
        mail = "" if rng.random() < SHARE_OF_CONTACTS_WITHOUT_MAIL else self._mail(first, last)
        links = []
        for student in students:
            kind, relationship = self._pick(LINKS)
            links.append({"relationship": relationship, "student": student, "type": kind})
        role = {
            "phone": phone,
            "phone_type": phone_type,
            "sis_id": sis_id,
            "student_relationships": links,
        }
        return self._user({"last": f"{first} {last}"}, mail, {"contact": role})
