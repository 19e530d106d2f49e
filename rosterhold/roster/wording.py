"""Numbers of records in words, the same in mails and on pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.language import ENGLISH, N_, Language

# What people ask about first.
_FIRST_NAMED: Final = ("schools", "students", "teachers", "staff", "sections", "contacts")

_RECORDS: Final = (N_("record"), N_("records"))


def noun(kind: str, number: int, language: Language = ENGLISH) -> str:
    """`student` or `students`; an unknown kind is called a record."""
    one, many = KINDS[kind].words if kind in KINDS else _RECORDS
    return language.say(one if number == 1 else many)


def counted(kind: str, number: int, language: Language = ENGLISH) -> str:
    """`1 student`, `1,212 students`; an unknown kind is called a record."""
    return f"{language.number(number)} {noun(kind, number, language)}"


def most_telling(numbers: Mapping[str, int], language: Language = ENGLISH) -> str:
    """In short, how many are concerned: `212 students`, `212 students and 30 other people`.

    People go before other records, students before other people. Returns "" for none.
    """
    named = {kind: number for kind, number in numbers.items() if number}
    people = {
        kind: number for kind, number in named.items() if kind in KINDS and KINDS[kind].people
    }
    pool = people or named
    if not pool:
        return ""
    first = "students" if "students" in pool else max(pool, key=lambda kind: pool[kind])
    most = counted(first, pool[first], language)
    others = sum(pool.values()) - pool[first]
    if not others:
        return most
    both = (
        N_("{most} and {others} other people")
        if people
        else N_("{most} and {others} other records")
    )
    return language.say(both, most=most, others=language.number(others))


def in_order(numbers: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    """Kinds with their numbers, without zeros, people and schools first."""
    return sorted(((k, n) for k, n in numbers.items() if n), key=lambda pair: _place(pair[0]))


def _place(kind: str) -> int:
    order = (*_FIRST_NAMED, *KINDS)
    return order.index(kind) if kind in order else len(order)


# What became of the removals, as an evaluation counts them.
_RECEIPT: Final = {
    "removed": N_("{n} removed as you confirmed"),
    "came_back": N_("{n} confirmed, but Clever has them again: they stay"),
    "not_covered": N_("{n} removed within the limits, without a question"),
}


def nothing_new_words(since: datetime, zone: str, language: Language = ENGLISH) -> str:
    """What a sync found that read nothing, since Clever has what it had."""
    return language.say(
        N_("Nothing new: Clever's data has not changed since {at}."),
        at=language.moment(since, zone),
    )


def receipt_lines(receipt: Mapping[str, int], language: Language = ENGLISH) -> list[str]:
    """What became of the removals, a line each; nothing when there were none."""
    if not any(receipt.values()):
        return []
    return [
        language.say(_RECEIPT.get(name, "{n} " + name.replace("_", " ")), n=language.number(number))
        for name, number in receipt.items()
    ]
