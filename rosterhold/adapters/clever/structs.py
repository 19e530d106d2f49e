"""What Clever sends, as far as it is read, and how a page of it is decoded.

Fields are those of Clever's v3.0 and v3.1 schemas. An empty text, an absent key and null all mean
missing; unknown fields are skipped. Words of an enumeration are plain text: a new one is no error.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from rosterhold.adapters.clever.errors import BadAnswerError

Text = str | None
Present = Annotated[str, Meta(min_length=1)]
Missing = Literal[""] | None
Ids = list[Text] | Missing


class Name(Struct, gc=False):
    first: Text = None
    middle: Text = None
    last: Text = None


class Credentials(Struct, gc=False):
    district_username: Text = None


class Principal(Struct, gc=False):
    name: Text = None
    email: Text = None


class School(Struct, gc=False):
    id: Present
    sis_id: Text = None
    name: Text = None
    school_number: Text = None
    state_id: Text = None
    nces_id: Text = None
    low_grade: Text = None
    high_grade: Text = None
    phone: Text = None
    principal: Principal | Missing = None


class Term(Struct, gc=False):
    id: Present
    name: Text = None
    start_date: Text = None
    end_date: Text = None


class Course(Struct, gc=False):
    id: Present
    name: Text = None
    number: Text = None


class Section(Struct, gc=False):
    id: Present
    school: Present
    sis_id: Text = None
    name: Text = None
    course: Text = None
    term_id: Text = None
    teacher: Text = None
    teachers: Ids = None
    students: Ids = None
    period: Text = None
    section_number: Text = None
    grade: Text = None
    subject: Text = None


class StudentRole(Struct, gc=False):
    school: Text = None
    schools: Ids = None
    sis_id: Text = None
    student_number: Text = None
    state_id: Text = None
    grade: Text = None
    dob: Text = None
    gender: Text = None
    ell_status: Text = None
    graduation_year: Text = None
    credentials: Credentials | Missing = None


class TeacherRole(Struct, gc=False):
    school: Text = None
    schools: Ids = None
    sis_id: Text = None
    teacher_number: Text = None
    state_id: Text = None
    title: Text = None
    credentials: Credentials | Missing = None


class StaffRole(Struct, gc=False):
    schools: Ids = None
    staff_id: Text = None
    title: Text = None
    department: Text = None
    credentials: Credentials | Missing = None


class DistrictAdminRole(Struct, gc=False):
    title: Text = None


class StudentRelationship(Struct, gc=False):
    student: Text = None
    type: Text = None
    relationship: Text = None


class ContactRole(Struct, gc=False):
    sis_id: Text = None
    phone: Text = None
    phone_type: Text = None
    student_relationships: list[StudentRelationship | None] | Missing = None


# Only the role asked for is read: an error in another role of the same person does no harm here.
class AsStudent(Struct, gc=False):
    student: StudentRole


class AsTeacher(Struct, gc=False):
    teacher: TeacherRole


class AsStaff(Struct, gc=False):
    staff: StaffRole


class AsDistrictAdmin(Struct, gc=False):
    district_admin: DistrictAdminRole


class AsContact(Struct, gc=False):
    contact: ContactRole


T = TypeVar("T")


class User(Struct, Generic[T], gc=False):
    id: Present
    roles: T
    name: Name | Missing = None
    email: Text = None


class Person(Struct, gc=False):
    name: Name | Missing = None
    email: Text = None
    title: Text = None


class District(Struct):
    id: Present
    name: Text = None
    state: Text = None
    error: Text = None
    sis_type: Text = None
    portal_url: Text = None
    launch_date: Text = None
    last_sync: Text = None
    last_clever_sync: Text = None
    # Days in Clever's documentation, moments in its schema: anything else does no harm.
    pause_start: object = None
    pause_end: object = None
    district_contact: Person | Missing = None


class Link(Struct, gc=False):
    rel: Text = None
    uri: Text = None


class One(Struct, Generic[T]):
    """The answer for a single object; also an element of a list."""

    data: T


class Page(Struct, Generic[T]):
    data: list[One[T]]
    links: list[Link]


class TokenOwner(Struct):
    id: Text = None
    type: Text = None


class Token(Struct):
    """One token that a district granted. The list of them has no envelope around each."""

    owner: TokenOwner | Missing = None
    access_token: Text = None
    created: Text = None
    scopes: Ids = None


class Tokens(Struct):
    data: list[Token]


class Counted(Struct):
    """The answer to a list with `count=true`, which has no records."""

    count: int


@dataclass(frozen=True, slots=True)
class Invalid:
    """A record that could not be read: its id ("" where not even that could be) and why."""

    clever_id: str
    reason: str


class HasId(Protocol):
    id: str


R = TypeVar("R", bound=HasId)


@dataclass(frozen=True, slots=True)
class PageRead(Generic[R]):
    """One page of a list.

    Attributes:
        records: those that could be read.
        invalid: those that could not.
        ids: of all its records in the order they came, "" where unknown.
        next_uri: where the list goes on, "" at its end.
    """

    records: list[R]
    invalid: list[Invalid]
    ids: list[str]
    next_uri: str


_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)


class PageDecoder(Generic[R]):
    """Decodes the pages of one list; a malformed record is set aside, the others are read."""

    def __init__(self, record: Any) -> None:
        self._page: msgspec.json.Decoder[Page[R]] = msgspec.json.Decoder(Page[record])
        self._one: msgspec.json.Decoder[One[R]] = msgspec.json.Decoder(One[record])

    def read(self, body: bytes) -> PageRead[R]:
        """Raises BadAnswerError when the page itself is not a list of records with links."""
        try:
            page = self._page.decode(body)
        except _UNREADABLE:
            return self._one_by_one(body)
        records = [element.data for element in page.data]
        return PageRead(records, [], [record.id for record in records], _next(page.links))

    def _one_by_one(self, body: bytes) -> PageRead[R]:
        page = decoded(_RAW_PAGE, _mended(body), "a page of a list")
        records: list[R] = []
        invalid: list[Invalid] = []
        ids: list[str] = []
        for raw in page.data:
            ids.append(_id_of(raw))
            try:
                records.append(self._one.decode(raw).data)
            except _UNREADABLE as error:
                invalid.append(Invalid(ids[-1], _reason(error)))
        return PageRead(records, invalid, ids, _next(page.links))


class _RawPage(Struct):
    data: list[Raw]
    links: list[Link]


_RAW_PAGE: Final = msgspec.json.Decoder(_RawPage)


_HALF_A_CHARACTER: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def _mended(body: bytes) -> bytes:
    """The body with "?" for halves of characters (lone surrogates), which msgspec cannot skip."""
    if not _HALF_A_CHARACTER.search(body):
        return body
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return body


class _OnlyId(Struct):
    id: Present


class _OnlyUri(Struct):
    uri: Present


_ID: Final = msgspec.json.Decoder(One[_OnlyId])
_URI: Final = msgspec.json.Decoder(_OnlyUri)


def _id_of(raw: Raw) -> str:
    try:
        return _ID.decode(raw).data.id
    except _UNREADABLE:
        pass
    try:
        return _URI.decode(raw).uri.rpartition("/")[2]
    except _UNREADABLE:
        return ""


def _next(links: list[Link]) -> str:
    return next((link.uri for link in links if link.rel == "next" and link.uri), "")


_AT: Final = re.compile(r"^(?P<what>.*) - at `\$(?P<path>[^`]*)`$")


def _reason(error: Exception) -> str:
    """Which field was wrong and how, never what it held.

    msgspec names types and fields; only its text for a value outside a set holds the value, here
    a text where an object or a list should be.
    """
    if isinstance(error, UnicodeDecodeError):
        return "the record holds bytes that are not UTF-8"
    match = _AT.match(str(error))
    what, path = (match["what"], match["path"]) if match else (str(error), "")
    if what.startswith("Invalid enum value"):
        what = "Expected an object or a list, got text"
    return f"{path.removeprefix('.') or 'the record'}: {what}"


def moment(text: str) -> datetime | None:
    """A time as Clever gives it, in UTC where it names no zone; None for one that is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def decoded(decoder: "msgspec.json.Decoder[T]", body: bytes, what: str) -> T:
    """Raises BadAnswerError, which says only what was wrong, never what the body held."""
    try:
        return decoder.decode(body)
    except _UNREADABLE as error:
        raise BadAnswerError(
            f"Clever's answer is not {what}: {_reason(error)} ({len(body)} bytes)"
        ) from None
