"""Answering findings: all of a reason, or only those of chosen schools.

An answer is to whole findings. Those of the whole district have the school "".
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rosterhold.statemachine.decisions import Action, Earlier, Refused

# Answers that can be given for chosen findings. The others are about the whole district.
FOR_CHOSEN: Final = frozenset({Action.CONFIRM, Action.ACCEPT})


@dataclass(frozen=True, slots=True)
class Asked:
    """A finding of an open reason, as an answer sees it.

    Attributes:
        no: its number in its evaluation.
        school: the school's Clever id, or "" for the whole district.
        school_name: for people.
        earlier: the answer it has already; None while it has none.
    """

    no: int
    school: str
    school_name: str
    earlier: Earlier | None = None

    @property
    def place(self) -> str:
        return self.school_name or self.school or "the whole district"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer is to: the findings of these schools, and those of these numbers.

    With neither it is to every finding that has no answer yet.
    """

    schools: frozenset[str] | None = None
    findings: frozenset[int] | None = None

    @property
    def is_everything(self) -> bool:
        return self.schools is None and self.findings is None


EVERYTHING: Final = Scope()


def scope_of(schools: Collection[str] | None, findings: Collection[int] | None = None) -> Scope:
    return Scope(
        None if schools is None else frozenset(schools),
        None if findings is None else frozenset(findings),
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The findings that an answer is to.

    Attributes:
        findings: their numbers.
        is_first: whether no finding of the reason was answered before.
        is_last: whether all of them are answered then.
    """

    findings: frozenset[int]
    is_first: bool
    is_last: bool


def choose(asked: Sequence[Asked], action: Action, scope: Scope) -> Chosen | Refused:
    """Say which findings of a reason an answer is to.

    A school whose findings all have an answer already, and a number that has one, is refused, so
    that nobody believes to have decided what another has.

    Args:
        asked: the findings of the reason.
        action: what the person chose.
        scope: for what.
    """
    left = [one for one in asked if one.earlier is None]
    if scope.is_everything:
        return _chosen(asked, left, left)
    if action not in FOR_CHOSEN:
        return Refused("whole_only", "This answer is for the whole district. Nothing was done.")
    schools, numbers = scope.schools or frozenset(), scope.findings or frozenset()
    if not schools and not numbers:
        return Refused("nothing_chosen", "No school was chosen. Nothing was done.")
    missing = [
        *sorted(schools - {one.school for one in asked}),
        *(f"finding {number}" for number in sorted(numbers - {one.no for one in asked})),
    ]
    if missing:
        return Refused("no_finding", _not_asked(missing[0]))
    open_schools = {one.school for one in left}
    for one in asked:
        if one.earlier and (
            one.no in numbers or (one.school in schools and one.school not in open_schools)
        ):
            return decided_already(one.earlier, one.place)
    meant = [one for one in left if one.no in numbers or one.school in schools]
    return _chosen(asked, left, meant)


def decided_already(earlier: Earlier, place: str = "") -> Refused:
    """The refusal of an answer to what somebody has answered before."""
    what = f"{place[0].upper()}{place[1:]}: this" if place else "This"
    return Refused(
        "decided",
        f"{what} was decided already by {earlier.who} at {earlier.at:%Y-%m-%d %H:%M} UTC. "
        "Nothing was done.",
        earlier,
    )


def _chosen(asked: Sequence[Asked], left: Sequence[Asked], meant: Iterable[Asked]) -> Chosen:
    findings = frozenset(one.no for one in meant)
    return Chosen(findings, is_first=len(left) == len(asked), is_last=len(findings) == len(left))


def _not_asked(what: str) -> str:
    place = what or "the whole district"
    return f"Nothing that this answers is on hold for {place}. Nothing was done."
