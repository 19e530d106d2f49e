"""Records as the API gives them, kept as encoded JSON: small in memory and quick to serve."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec

KINDS = ("schools", "terms", "courses", "sections", "users")
ROLES = ("student", "teacher", "staff", "district_admin", "contact")

Record = dict[str, Any]
"""One decoded object of the API, as under `data`."""

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def encode(record: Any) -> bytes:
    return _encoder.encode(record)


def decode(body: bytes) -> Any:
    return _decoder.decode(body)


class Table:
    """The records of one kind, by id; ids are listed in rising order."""

    def __init__(self, bodies: dict[str, bytes] | None = None) -> None:
        self.bodies: dict[str, bytes] = {} if bodies is None else bodies
        self._order: list[str] | None = None

    def __len__(self) -> int:
        return len(self.bodies)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.bodies

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    def ids(self) -> list[str]:
        if self._order is None:
            self._order = sorted(self.bodies)
        return self._order

    def get(self, identifier: str) -> Record:
        record: Record = decode(self.bodies[identifier])
        return record

    def put(self, identifier: str, body: bytes) -> None:
        if identifier not in self.bodies:
            self._order = None
        self.bodies[identifier] = body

    def pop(self, identifier: str) -> bytes:
        self._order = None
        return self.bodies.pop(identifier)

    def copy(self) -> "Table":
        """Give a table with the same records; later changes of one do not show in the other."""
        twin = Table(dict(self.bodies))
        twin._order = self._order
        return twin


def window(
    ids: list[str], *, limit: int, after: str | None = None, before: str | None = None
) -> tuple[list[str], bool]:
    """Cut the page of at most `limit` ids after or before a cursor, which need not exist.

    Returns:
        The ids in rising order, and whether more lie beyond them in the direction of reading.
    """
    if before is not None:
        end = bisect_left(ids, before)
        start = max(0, end - limit)
        return ids[start:end], start > 0
    start = 0 if after is None else bisect_right(ids, after)
    return ids[start : start + limit], start + limit < len(ids)


class StudentPlace(msgspec.Struct, gc=False):
    school: str = ""
    schools: list[str] = []


class Relationship(msgspec.Struct, gc=False):
    student: str = ""


class ContactPlace(msgspec.Struct, gc=False):
    student_relationships: list[Relationship] = []


class StaffPlace(msgspec.Struct, gc=False):
    schools: list[str] = []


class RolePlaces(msgspec.Struct, gc=False):
    student: StudentPlace | None = None
    teacher: StudentPlace | None = None
    staff: StaffPlace | None = None
    contact: ContactPlace | None = None
    district_admin: dict[str, msgspec.Raw] | None = None


class UserPlace(msgspec.Struct, gc=False):
    """What of a user says where the person belongs; everything else is skipped when decoding."""

    roles: RolePlaces

    def schools(self) -> set[str]:
        """Name every school of the user's roles."""
        found: set[str] = set()
        for place in (self.roles.student, self.roles.teacher):
            if place is not None:
                found.update(place.schools)
                if place.school:
                    found.add(place.school)
        if self.roles.staff is not None:
            found.update(self.roles.staff.schools)
        return found

    def students(self) -> list[str]:
        """Name the students a contact belongs to, each once."""
        if self.roles.contact is None:
            return []
        return list(dict.fromkeys(r.student for r in self.roles.contact.student_relationships))


class SectionPlace(msgspec.Struct, gc=False):
    """What of a section ties it to other records."""

    school: str = ""
    course: str | None = ""
    term_id: str | None = ""
    students: list[str] = []
    teachers: list[str] = []


_user_places = msgspec.json.Decoder(UserPlace)
_section_places = msgspec.json.Decoder(SectionPlace)


def user_place(body: bytes) -> UserPlace:
    return _user_places.decode(body)


def section_place(body: bytes) -> SectionPlace:
    return _section_places.decode(body)
