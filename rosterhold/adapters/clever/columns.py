"""Records of Clever → columns of `rosterhold.roster.kinds`, and the table of the lists read.

Every column is text, "" when missing; a list is a sorted JSON array of distinct texts. One page
becomes one frame, a *part*, that holds its unreadable records too: `invalid_reason` is "" for the
others. What sealing needs besides (a section's students, a contact's links) are columns with one
item a line: Polars makes lists of such texts many times faster than of Python's own lists.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
import polars as pl

from rosterhold.adapters.clever import structs
from rosterhold.adapters.clever.structs import Missing, PageDecoder, PageRead
from rosterhold.roster import kinds
from rosterhold.roster.kinds import Kind

INVALID_REASON: Final = "invalid_reason"
STUDENT_IDS: Final = "student_clever_ids"
LINK_TYPES: Final = "link_types"
LINK_RELATIONSHIPS: Final = "link_relationships"

Columns = dict[str, list[str]]


# How JSON writes the character NUL.
_NUL: Final = b"\\u0000"


@dataclass(frozen=True, slots=True)
class Part:
    """One page as it is kept.

    Attributes:
        rows: in the list's `part_schema`.
        ids: of its records in the order they came, "" where unknown.
        next_uri: where the list goes on, "" at its end.
    """

    rows: pl.DataFrame
    ids: list[str]
    next_uri: str


@dataclass(frozen=True)
class Listing:
    """One list of Clever: where it is asked for and what becomes of it.

    Attributes:
        kind: of its records.
        path: below the API's version.
        role: of the users asked for, "" for other lists.
        decoder: reads its pages.
        columns: gives the columns of records, all of `kind.all_columns` but those that only
            sealing knows.
        lists: the further columns of a part, one item a line.
        may_be_refused: whether a roster without it is one: it may be out of the app's scope.
        may_be_unknown: whether Clever may not know it for a district (404).
    """

    kind: Kind
    path: str
    decoder: PageDecoder[Any]
    columns: Callable[[Sequence[Any]], Columns]
    role: str = ""
    lists: tuple[str, ...] = ()
    may_be_refused: bool = False
    may_be_unknown: bool = False

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def part_schema(self) -> dict[str, pl.String]:
        columns = (*self.kind.all_columns, *self.lists, INVALID_REASON)
        return {column: pl.String() for column in columns}

    def read(self, body: bytes) -> Part:
        """Raises BadAnswerError when the body is no page of a list."""
        page = self.decoder.read(body)
        return Part(self._rows(page, has_nul=_NUL in body), page.ids, page.next_uri)

    def nothing(self) -> Part:
        """The page of a list that has no records."""
        return Part(pl.DataFrame(schema=self.part_schema), [], "")

    def _rows(self, page: PageRead[Any], *, has_nul: bool) -> pl.DataFrame:
        columns = self.columns(page.records)
        blank = [""] * len(page.records)
        rows = pl.DataFrame(
            {name: columns.get(name, blank) for name in self.part_schema},
            schema=self.part_schema,
        )
        texts = pl.col(pl.String)
        if page.invalid:
            rows = pl.concat([rows, _unreadable(page)], how="diagonal").with_columns(
                texts.fill_null("")
            )
        if has_nul:  # a character that no database stores in a text
            rows = rows.with_columns(texts.str.replace_all("\0", "", literal=True))
        return rows.with_columns(_iso_dob()) if "dob" in rows.columns else rows


def _unreadable(page: PageRead[Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "clever_id": [record.clever_id for record in page.invalid],
            INVALID_REASON: [record.reason for record in page.invalid],
        },
        schema={"clever_id": pl.String(), INVALID_REASON: pl.String()},
    )


def _iso_dob() -> pl.Expr:
    """`M/D/YYYY` as ISO 8601; any other text stays as it is."""
    dob = pl.col("dob")
    american = pl.when(dob.str.contains(r"^\d{1,2}/\d{1,2}/\d{4}$")).then(dob)
    day = american.str.to_date("%m/%d/%Y", strict=False)
    return day.dt.to_string("%Y-%m-%d").fill_null(dob).alias("dob")


# Few distinct lists stand in many records, so each is sorted and written once.
@lru_cache(maxsize=16_384)
def json_array(items: tuple[str | None, ...]) -> str:
    """Distinct texts, sorted, as a JSON array; missing ones are left out."""
    return msgspec.json.encode(_present(items)).decode()


def _present(items: Iterable[str | None] | None) -> list[str]:
    """Distinct texts, sorted, without missing ones."""
    return sorted({item for item in items if item}) if items else []


def _part_of(value: Any | Missing, name: str) -> str:
    """A field of an object that may be missing itself."""
    return (getattr(value, name) or "") if value else ""


def _texts(records: Sequence[Any], fields: Iterable[str]) -> Columns:
    return {field: [getattr(record, field) or "" for record in records] for field in fields}


def _schools(records: Sequence[structs.School]) -> Columns:
    own = ("sis_id", "name", "school_number", "state_id", "nces_id", "low_grade", "high_grade")
    return {
        "clever_id": [record.id for record in records],
        **_texts(records, (*own, "phone")),
        "principal_name": [_part_of(record.principal, "name") for record in records],
        "principal_email": [_part_of(record.principal, "email") for record in records],
    }


def _terms(records: Sequence[structs.Term]) -> Columns:
    # Clever gives days here and instants of the same days elsewhere ("Terms").
    return {
        "clever_id": [record.id for record in records],
        "name": [record.name or "" for record in records],
        "start_date": [(record.start_date or "")[:10] for record in records],
        "end_date": [(record.end_date or "")[:10] for record in records],
    }


def _courses(records: Sequence[structs.Course]) -> Columns:
    return {
        "clever_id": [record.id for record in records],
        **_texts(records, ("name", "number")),
    }


def _sections(records: Sequence[structs.Section]) -> Columns:
    own = ("sis_id", "name", "period", "section_number", "grade", "subject")
    return {
        "clever_id": [record.id for record in records],
        **_texts(records, own),
        "school_clever_id": [record.school for record in records],
        "course_clever_id": [record.course or "" for record in records],
        "term_clever_id": [record.term_id or "" for record in records],
        "teacher_clever_id": [record.teacher or "" for record in records],
        # The primary teacher is one of the teachers, also where only one of the fields says so.
        "teacher_clever_ids": [
            json_array((*(record.teachers or ()), record.teacher)) for record in records
        ],
        STUDENT_IDS: ["\n".join(_present(record.students)) for record in records],
    }


def _users(records: Sequence[structs.User[Any]]) -> Columns:
    names = [record.name for record in records]
    return {
        "clever_id": [record.id for record in records],
        "first_name": [_part_of(name, "first") for name in names],
        "middle_name": [_part_of(name, "middle") for name in names],
        "last_name": [_part_of(name, "last") for name in names],
        "email": [record.email or "" for record in records],
    }


def _school_columns(roles: Sequence[structs.StudentRole | structs.TeacherRole]) -> Columns:
    """The primary school is one of the schools; without one, the first by id stands for it."""
    schools = [(*(role.schools or ()), role.school) for role in roles]
    return {
        "school_clever_id": [
            role.school or _first(own) for role, own in zip(roles, schools, strict=True)
        ],
        "school_clever_ids": [json_array(own) for own in schools],
    }


def _first(ids: Iterable[str | None]) -> str:
    return min((item for item in ids if item), default="")


def _usernames(roles: Sequence[Any]) -> Columns:
    return {"username": [_part_of(role.credentials, "district_username") for role in roles]}


def _students(records: Sequence[structs.User[structs.AsStudent]]) -> Columns:
    roles = [record.roles.student for record in records]
    own = ("sis_id", "student_number", "state_id", "grade", "dob", "gender", "ell_status")
    return {
        **_users(records),
        **_texts(roles, (*own, "graduation_year")),
        **_school_columns(roles),
        **_usernames(roles),
    }


def _teachers(records: Sequence[structs.User[structs.AsTeacher]]) -> Columns:
    roles = [record.roles.teacher for record in records]
    return {
        **_users(records),
        **_texts(roles, ("sis_id", "teacher_number", "state_id", "title")),
        **_school_columns(roles),
        **_usernames(roles),
    }


def _staff(records: Sequence[structs.User[structs.AsStaff]]) -> Columns:
    roles = [record.roles.staff for record in records]
    schools = [tuple(role.schools or ()) for role in roles]
    return {
        **_users(records),
        **_texts(roles, ("staff_id", "title", "department")),
        **_usernames(roles),
        "school_clever_id": [_first(own) for own in schools],
        "school_clever_ids": [json_array(own) for own in schools],
    }


def _district_admins(records: Sequence[structs.User[structs.AsDistrictAdmin]]) -> Columns:
    return {
        **_users(records),
        "title": [record.roles.district_admin.title or "" for record in records],
    }


def _contacts(records: Sequence[structs.User[structs.AsContact]]) -> Columns:
    roles = [record.roles.contact for record in records]
    links = [_links(role) for role in roles]
    return {
        **_users(records),
        **_texts(roles, ("sis_id", "phone", "phone_type")),
        STUDENT_IDS: ["\n".join(own) for own in links],
        LINK_TYPES: ["\n".join([json_array(types) for types, _ in own.values()]) for own in links],
        LINK_RELATIONSHIPS: [
            "\n".join([json_array(words) for _, words in own.values()]) for own in links
        ],
    }


_Words = tuple[str | None, ...]


def _links(role: structs.ContactRole) -> dict[str, tuple[_Words, _Words]]:
    """The students of a contact, each with the types and relationships of all its entries.

    Clever gives one entry for each appearance in the district's own system ("Contacts and
    Guardians"), so a student may appear several times.
    """
    merged: dict[str, tuple[_Words, _Words]] = {}
    for entry in role.student_relationships or ():
        if entry and entry.student:
            types, words = merged.get(entry.student, ((), ()))
            merged[entry.student] = (*types, entry.type), (*words, entry.relationship)
    return merged


def _user_list(kind: Kind, role: str, record: Any, columns: Any, **rest: Any) -> Listing:
    return Listing(kind, "users", PageDecoder(structs.User[record]), columns, role, **rest)


LISTINGS: Final[tuple[Listing, ...]] = (
    Listing(kinds.SCHOOLS, "schools", PageDecoder(structs.School), _schools),
    Listing(kinds.TERMS, "terms", PageDecoder(structs.Term), _terms, may_be_unknown=True),
    Listing(kinds.COURSES, "courses", PageDecoder(structs.Course), _courses, may_be_unknown=True),
    Listing(
        kinds.SECTIONS, "sections", PageDecoder(structs.Section), _sections, lists=(STUDENT_IDS,)
    ),
    _user_list(kinds.STUDENTS, "student", structs.AsStudent, _students),
    _user_list(kinds.TEACHERS, "teacher", structs.AsTeacher, _teachers),
    _user_list(kinds.STAFF, "staff", structs.AsStaff, _staff, may_be_refused=True),
    _user_list(
        kinds.DISTRICT_ADMINS,
        "district_admin",
        structs.AsDistrictAdmin,
        _district_admins,
        may_be_refused=True,
    ),
    _user_list(
        kinds.CONTACTS,
        "contact",
        structs.AsContact,
        _contacts,
        lists=(STUDENT_IDS, LINK_TYPES, LINK_RELATIONSHIPS),
        may_be_refused=True,
    ),
)
