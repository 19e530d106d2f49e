"""What a finding says to a school secretary. Every sentence of the rules is here, to translate.

Sentences are templates; what varies is written as text first, by the functions below.
"""

from collections.abc import Iterable
from typing import Final

from rosterhold.roster.kinds import Kind
from rosterhold.roster.language import N_

THE_DISTRICT: Final = N_("The district")

SHARE_REMOVED: Final = N_(
    "{place} would lose {removed} of {before} {records} ({share}). The limit is {limit}."
)
PEOPLE_REMOVED: Final = N_("{place} would lose {removed} people: {list}. The limit is {limit}.")
EMPTIED: Final = N_("{place} would have no {records} left: all {before} would be removed.")
EMPTIED_OF_ONE: Final = N_("{place} would have no {records} left: the only one would be removed.")
EMPTIED_BY_THE_LAST: Final = N_(
    "{place} would have no {records} left: {removed} of {before} would be removed, "
    "the others have moved or are confirmed already."
)
SCHOOL_REMOVED: Final = N_("{place} is no longer in the data from Clever and would be removed.")
SCHOOL_REMOVED_WITH: Final = N_(
    "{place} is no longer in the data from Clever and would be removed with {list}."
)
MORE_OF_A_REMOVED_SCHOOL: Final = N_(
    "{place} is no longer in the data from Clever, and more of it would be removed than was "
    "confirmed: {list}."
)
REIDENTIFIED: Final = N_(
    "{place} has {changed} of {before} {records} under a new Clever id ({share}). "
    "The limit is {limit}. This happens when source ids change in the SIS."
)
GUARDIANS_PER_STUDENT: Final = N_(
    "{place} has {students} with {limit} or more guardians; the most is {most}."
)
CONTACT_TYPES: Final = N_(
    "{place} has {links} of the type {type}. These contacts would get access like any guardian."
)
UNREADABLE_RECORDS: Final = N_(
    "{place} has {unreadable} of {total} {records} that could not be read ({share}). "
    "The limit is {limit}."
)

_AND: Final = " and "
_COMMA: Final = ", "
_PERCENT: Final = "{number} %"
_MOST_DIGITS: Final = 12


def number(value: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{value:,}"


def counted(value: int, kind: Kind) -> str:
    """So many of a kind: "1 student", "1,200 students"."""
    one, many = kind.words
    return f"{number(value)} {one if value == 1 else many}"


def listed(items: Iterable[str]) -> str:
    """Items in a row: "a, b and c"."""
    *first, last = items
    return _COMMA.join(first) + _AND + last if first else last


def percent(share: float, limit: float | None = None) -> str:
    """A share (0.0 to 1.0) in percent, with no more digits than the truth needs.

    A share over the limit never reads like the limit, one below all never reads as 100 %, and
    one that is not nothing never reads as 0 %.
    """
    text = f"{100 * share:.{_MOST_DIGITS}g}"
    for digits in range(_MOST_DIGITS):
        text = f"{100 * share:.{digits}f}"
        shown = float(text)
        hides_a_rest = shown in {0.0, 100.0} and shown != 100 * share
        hides_the_limit = limit is not None and share > limit and shown <= _percents(limit)
        if not (hides_a_rest or hides_the_limit):
            break
    return _PERCENT.format(number=text)


def percent_limit(limit: float) -> str:
    """A limit (0.0 to 1.0) in percent, in full."""
    return _PERCENT.format(number=f"{_percents(limit):.{_MOST_DIGITS}g}")


def _percents(limit: float) -> float:
    # 100 * 0.07 is 7.000000000000001.
    return round(100 * limit, _MOST_DIGITS)
