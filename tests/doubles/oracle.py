"""What a sync may do, said a second time over plain dicts and without looking at the product.

Limits are those of the default policy: more than a tenth and at least five records of a kind, in
the district or in a school; whatever empties; a school that goes, always; six guardians; contact
types that seldom mean a guardian; more than a hundredth unreadable.
"""

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from doubles.town import CROWD, Key, Row, Rows, Shared

Subject = tuple[str, str, str]
Named = tuple[str, str]
# A record that a finding of a school, or of the district (an empty name), is about.
Found = tuple[str, Subject]

ENDS = {
    "enrolments": ("sections", "students"),
    "guardianships": ("contacts", "students"),
}
DOUBTFUL_TYPES = ("Emergency", "Secondary")
HAVE_SCHOOLS = ("students", "teachers", "sections", "contacts", "enrolments", "guardianships")
# What follows what, from state and event to state.
ROADS = {
    ("running.fetching", "fetched", "running.evaluating"),
    ("running.fetching", "nothing_new", "completed"),
    ("running.fetching", "hold", "on_hold.disconnected"),
    ("running.fetching", "cancel", "cancelled"),
    ("running.fetching", "fail", "failed"),
    ("running.evaluating", "clear", "running.applying"),
    ("running.evaluating", "hold", "on_hold.data_configuration"),
    ("running.evaluating", "hold", "on_hold.data_removals"),
    ("running.evaluating", "cancel", "cancelled"),
    ("running.evaluating", "fail", "failed"),
    ("running.applying", "applied", "completed"),
    ("running.applying", "fail", "failed"),
    ("on_hold.disconnected", "answer", "on_hold.disconnected"),
    ("on_hold.data_configuration", "answer", "on_hold.data_configuration"),
    ("on_hold.data_configuration", "answer", "on_hold.data_removals"),
    ("on_hold.data_removals", "answer", "on_hold.data_removals"),
    ("on_hold.disconnected", "resume", "resumed"),
    ("on_hold.data_configuration", "resume", "resumed"),
    ("on_hold.data_removals", "resume", "resumed"),
    ("on_hold.disconnected", "cancel", "cancelled"),
    ("on_hold.data_configuration", "cancel", "cancelled"),
    ("on_hold.data_removals", "cancel", "cancelled"),
    ("resumed", "proceed", "running.fetching"),
    ("resumed", "cancel", "cancelled"),
    ("resumed", "fail", "failed"),
}


@dataclass
class Wishes:
    """What people let pass of the district's configuration, or want left out."""

    accepted: set[tuple[str, str, str, str]] = field(default_factory=set)
    types: frozenset[str] = frozenset()
    crowds: bool = False


def expected(before: Rows, given: Shared, wishes: Wishes) -> Rows:
    """The roster as it is to be: what Clever gave, less what is left out, and what stays."""
    rows = {kind: dict(of_kind) for kind, of_kind in given.rows.items()}
    _leave_out(rows, before, wishes)
    unreadable = {(kind, key) for kind, key, _ in given.unreadable}
    for kind in (kind for kind in rows if kind not in ENDS):
        for key, row in before[kind].items():
            if key not in rows[kind] and (kind, key[0]) in unreadable:
                rows[kind][key] = row
    for kind, ends in ENDS.items():
        for key, row in before[kind].items():
            named = list(zip(ends, key, strict=True))
            unread = any(end in unreadable for end in named)
            loses_an_end = any((part,) not in rows[end] for end, part in named)
            if key not in rows[kind] and unread and not loses_an_end:
                rows[kind][key] = row
    return rows


def _leave_out(rows: Rows, before: Rows, wishes: Wishes) -> None:
    had_a_link = {contact for contact, _ in rows["guardianships"]}
    links = {
        key: row
        for key, row in rows["guardianships"].items()
        if not set(json.loads(row["types"])) <= wishes.types
    }
    if wishes.crowds:
        crowded = _crowded(links)
        links = {
            key: row
            for key, row in links.items()
            if key[1] not in crowded or key in before["guardianships"]
        }
    rows["guardianships"] = links
    have_a_link = {contact for contact, _ in links}
    for contact in had_a_link - have_a_link:
        del rows["contacts"][contact,]


def _crowded(links: dict[Key, Row]) -> dict[str, int]:
    count: dict[str, int] = {}
    for _, student in links:
        count[student] = count.get(student, 0) + 1
    return {student: number for student, number in count.items() if number >= CROWD}


def covered(found: Iterable[Found], answered: Container[str]) -> set[Subject]:
    """What is confirmed by answers for some schools: the nearest places that name it decide."""
    places: dict[Subject, set[str]] = {}
    for school, subject in found:
        places.setdefault(subject, set()).add(school)
    return {
        subject
        for subject, of in places.items()
        if all(school in answered for school in of - {""} or {""})
    }


def unconfirmed_damage(before: Rows, after: Rows, confirmed: set[Subject]) -> set[Named]:
    """The removals that need somebody's confirmation and have none."""
    gone_schools = before["schools"].keys() - after["schools"].keys()
    damage: set[Named] = set()
    for kind, rows in before.items():
        removed = {
            key: row
            for key, row in rows.items()
            if key not in after[kind] and (kind, "/".join(key), "") not in confirmed
        }
        for school in _places(removed, kind):
            mine = _at(removed, school)
            had, has = len(_at(rows, school)), len(_at(after[kind], school))
            emptied = not has and _empties(kind, school, after)
            share = len(mine) >= 5 and len(mine) / had > 0.1
            if emptied or share or (school,) in gone_schools:
                damage |= {(kind, "/".join(key)) for key in mine}
        if kind == "schools":
            damage |= {(kind, key[0]) for key in removed}
    return damage


def _places(removed: dict[Key, Row], kind: str) -> Iterator[str]:
    """The district (an empty name) and each school, where something is removed."""
    if removed:
        yield ""
        if kind in HAVE_SCHOOLS:
            yield from {row["school_clever_id"] for row in removed.values()} - {""}


def _at(rows: dict[Key, Row], school: str) -> dict[Key, Row]:
    return {
        key: row for key, row in rows.items() if not school or row["school_clever_id"] == school
    }


def _empties(kind: str, school: str, after: Rows) -> bool:
    if not school or kind == "students":
        return True
    return kind == "teachers" and not _at(after["students"], school)


def unaccepted_configuration(after: Rows, given: Shared, wishes: Wishes) -> set[Subject]:
    """Doubtful configuration that is in the roster, or beside it, and that nobody let pass."""
    doubts = {
        ("unreadable_records", kind, key, why)
        for kind, key, why in given.unreadable
        if len(given.unreadable) / (len(given.rows[kind]) + len(given.unreadable)) > 0.01
    }
    for (contact, student), row in after["guardianships"].items():
        types = set(json.loads(row["types"])) & set(DOUBTFUL_TYPES) - wishes.types
        doubts |= {("contact_types", "guardianships", f"{contact}/{student}", one) for one in types}
    if not wishes.crowds:
        doubts |= {
            ("guardians_per_student", "students", student, f"{number} guardians")
            for student, number in _crowded(after["guardianships"]).items()
        }
    return {(rule, kind, key) for rule, kind, key, fact in doubts - wishes.accepted}
