"""Which lists and sub-resources the data API has, and which links a single record carries."""

from collections.abc import Callable
from dataclasses import dataclass

from rosterhold.simulator.relations import Relations

LISTS = ("schools", "terms", "courses", "sections", "users")

Ids = Callable[[Relations, str], list[str]]


@dataclass(frozen=True)
class SubList:
    """A list below a record: the kind of its items and how their ids are found."""

    kind: str
    ids: Ids
    roles: tuple[str, ...] = ()
    primary: Ids | None = None


def _of(name: str) -> Ids:
    return lambda relations, identifier: getattr(relations, name).get(identifier, [])


def _schools_by(name: str) -> Ids:
    return lambda relations, identifier: relations.schools_of_sections(
        getattr(relations, name).get(identifier, [])
    )


def _primary_school(relations: Relations, user: str) -> list[str]:
    schools = relations.schools_of_user.get(user, [])
    return [s for s in schools if user in relations.primary_users_of_school.get(s, [])]


SUB_LISTS: dict[tuple[str, str], SubList] = {
    ("schools", "users"): SubList(
        "users",
        _of("users_of_school"),
        roles=("staff", "student", "teacher"),
        primary=_of("primary_users_of_school"),
    ),
    ("schools", "sections"): SubList("sections", _of("sections_of_school")),
    ("schools", "courses"): SubList("courses", Relations.courses_of_school),
    ("schools", "terms"): SubList("terms", Relations.terms_of_school),
    ("sections", "users"): SubList("users", _of("users_of_section"), roles=("student", "teacher")),
    ("courses", "schools"): SubList("schools", _schools_by("sections_of_course")),
    ("courses", "sections"): SubList("sections", _of("sections_of_course")),
    ("terms", "schools"): SubList("schools", _schools_by("sections_of_term")),
    ("terms", "sections"): SubList("sections", _of("sections_of_term")),
    ("users", "schools"): SubList("schools", _of("schools_of_user"), primary=_primary_school),
    ("users", "sections"): SubList("sections", _of("sections_of_user")),
    ("users", "mycontacts"): SubList("users", _of("contacts_of_student")),
    ("users", "mystudents"): SubList("users", Relations.students_of_user),
    ("users", "myteachers"): SubList("users", Relations.teachers_of_student),
}

SUB_ONES: dict[tuple[str, str], tuple[str, str]] = {
    ("sections", "course"): ("courses", "course"),
    ("sections", "school"): ("schools", "school"),
    ("sections", "term"): ("terms", "term_id"),
}
"""The kind and the field that names it, of a single record below another."""

WITH_RESOURCES = frozenset({"sections", "courses", "users"})

LINKS: dict[str, tuple[str, ...]] = {
    "schools": ("district", "sections", "users", "terms", "courses"),
    "sections": ("district", "school", "term", "course", "users"),
    "courses": ("district", "sections", "schools"),
    "terms": ("district", "sections", "schools"),
    "users": ("district", "sections", "schools"),
}

ROLE_LINKS: dict[str, tuple[str, ...]] = {
    "student": ("myContacts", "myTeachers"),
    "teacher": ("myStudents",),
}


def links_of(kind: str, uri: str, roles: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Give the links of a single record, `self` first."""
    rels = [*LINKS[kind]]
    for role in roles:
        rels += ROLE_LINKS.get(role, ())
    return [("self", uri), *((rel, f"{uri}/{rel}") for rel in rels)]
