"""What most likely happened, from the pattern of what was found: a hint, never a verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.language import ENGLISH, N_, Language
from rosterhold.statemachine.connection import CHECK_SHARING, OUR_OWN, PASSES
from rosterhold.statemachine.reasons import Reason

# From this share on, "every" or "nearly all" is said of a kind.
_NEARLY_ALL: Final = 0.9
# A grade that so large a part of the leaving students is in tells of graduation.
_MOST_OF_THEM: Final = 0.8
# So many of the others may go as well in what is still called one thing.
_FEW: Final = 0.02
_LAST_GRADE: Final = "12"
_CLASSES: Final = frozenset({"sections", "enrolments", "terms", "courses"})
_FAMILIES: Final = frozenset({"contacts", "guardianships"})


class Shape(StrEnum):
    """A pattern that people know."""

    DISCONNECTED = "disconnected"
    NOT_SHARED_ENOUGH = "not_shared_enough"
    PASSING = "passing"
    OUR_OWN_FAULT = "our_own_fault"
    NOTHING_SHARED = "nothing_shared"
    ONE_SCHOOL_GONE = "one_school_gone"
    SCHOOLS_GONE = "schools_gone"
    ALL_IDS_CHANGED = "all_ids_changed"
    IDS_CHANGED = "ids_changed"
    TERM_CHANGE = "term_change"
    GRADUATION = "graduation"
    KIND_GONE = "kind_gone"
    FAMILIES_GONE = "families_gone"
    ONE_SCHOOL_SHRINKS = "one_school_shrinks"
    MANY_LEAVE = "many_leave"
    DOUBTFUL_CONTACTS = "doubtful_contacts"
    UNREADABLE = "unreadable"


class Found(Protocol):
    """What a finding says in numbers."""

    @property
    def reason(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def school(self) -> str: ...
    @property
    def school_name(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def of(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Guess:
    """The likely shape of what was found.

    Attributes:
        kind: the kind of record it is about, "" for none in particular.
        school: the name of the one school it is about, "" for none or several.
        number: how many schools or records it is about.
    """

    shape: Shape
    kind: str = ""
    school: str = ""
    number: int = 0


def likely_shape(
    findings: Sequence[Found],
    counts: Mapping[str, Mapping[str, int]],
    grades: Mapping[str, int],
) -> Guess | None:
    """The best guess; None when nothing was found.

    Args:
        findings: of all open reasons, most severe first.
        counts: kind name → removed, reidentified, added, total, as the sync has them.
        grades: grade → how many of the students that would be removed are in it.
    """
    reasons = {finding.reason for finding in findings}
    if Reason.DISCONNECTED in reasons:
        return Guess(_of_the_connection(findings))
    removals = [finding for finding in findings if finding.reason == Reason.DATA_REMOVALS]
    if removals:
        return _of_removals(removals, counts, grades)
    if not findings:
        return None
    first = findings[0]
    unreadable = first.rule == "unreadable_records"
    shape = Shape.UNREADABLE if unreadable else Shape.DOUBTFUL_CONTACTS
    return Guess(shape, first.kind, first.school_name, first.records)


def _of_the_connection(findings: Sequence[Found]) -> Shape:
    code = next(one.rule for one in findings if one.reason == Reason.DISCONNECTED)
    if code in OUR_OWN:
        return Shape.OUR_OWN_FAULT
    if code in PASSES:
        return Shape.PASSING
    return Shape.NOT_SHARED_ENOUGH if code in CHECK_SHARING else Shape.DISCONNECTED


def _of_removals(
    found: Sequence[Found], counts: Mapping[str, Mapping[str, int]], grades: Mapping[str, int]
) -> Guess:
    removed = {kind: of.get("removed", 0) for kind, of in counts.items() if of.get("removed")}
    guess = (
        _schools(found, counts)
        or _new_ids(found, removed)
        or _classes_or_families(counts, removed, {finding.kind for finding in found})
        or _a_whole_kind(found)
        or _graduation(removed, grades)
    )
    if guess is not None:
        return guess
    places = {(finding.school, finding.school_name) for finding in found if finding.school}
    everywhere = any(not finding.school for finding in found)
    if len(places) == 1 and not everywhere:
        return Guess(Shape.ONE_SCHOOL_SHRINKS, found[0].kind, next(iter(places))[1])
    return Guess(Shape.MANY_LEAVE, found[0].kind, number=found[0].records)


def _schools(found: Sequence[Found], counts: Mapping[str, Mapping[str, int]]) -> Guess | None:
    gone = [finding for finding in found if finding.rule == "school_removed"]
    if not gone:
        return None
    if _before(counts.get("schools", {})) == len(gone) > 1 and not _left(counts, "schools"):
        return Guess(Shape.NOTHING_SHARED, number=len(gone))
    if len(gone) == 1:
        return Guess(Shape.ONE_SCHOOL_GONE, school=gone[0].school_name, number=1)
    return Guess(Shape.SCHOOLS_GONE, number=len(gone))


def _new_ids(found: Sequence[Found], removed: Mapping[str, int]) -> Guess | None:
    renamed = [finding for finding in found if finding.rule == "reidentified"]
    people = [one for one in renamed if one.kind in KINDS and KINDS[one.kind].people]
    if not renamed:
        return None
    biggest = max(people or renamed, key=lambda one: one.records)
    if sum(removed.values()) > sum(one.records for one in renamed):
        return None
    whole = biggest.of and biggest.records / biggest.of >= _NEARLY_ALL
    shape = Shape.ALL_IDS_CHANGED if whole else Shape.IDS_CHANGED
    return Guess(shape, biggest.kind, number=biggest.records)


def _classes_or_families(
    counts: Mapping[str, Mapping[str, int]], removed: Mapping[str, int], held: Collection[str]
) -> Guess | None:
    """Only classes go, or only families, while (nearly) everybody else stays."""
    for kinds, shape, kind in (
        (_CLASSES, Shape.TERM_CHANGE, "sections"),
        (_FAMILIES, Shape.FAMILIES_GONE, "contacts"),
    ):
        others = [name for name in removed if name not in kinds]
        few = all(removed[name] <= _FEW * _before(counts[name]) for name in others)
        if set(held) <= kinds and few:
            return Guess(shape, kind, number=removed.get(kind, 0))
    return None


def _a_whole_kind(found: Sequence[Found]) -> Guess | None:
    emptied = [one for one in found if one.rule == "emptied" and not one.school]
    whole = [one for one in emptied if not KINDS[one.kind].is_pair]
    return Guess(Shape.KIND_GONE, whole[0].kind, number=whole[0].records) if whole else None


def _graduation(removed: Mapping[str, int], grades: Mapping[str, int]) -> Guess | None:
    students = removed.get("students", 0)
    last = grades.get(_LAST_GRADE, 0)
    if students and last >= _MOST_OF_THEM * students:
        return Guess(Shape.GRADUATION, "students", number=last)
    return None


def _before(counts: Mapping[str, int]) -> int:
    """How many there were: what is left, without the new ones, and what goes."""
    return counts.get("total", 0) - counts.get("added", 0) + counts.get("removed", 0)


def _left(counts: Mapping[str, Mapping[str, int]], kind: str) -> int:
    return counts.get(kind, {}).get("total", 0)


_CANNOT_READ: Final = N_("We cannot read your roster from Clever.")

# What happened, and what it usually means.
_WORDS: Final[Mapping[Shape, tuple[str, str]]] = {
    Shape.NOT_SHARED_ENOUGH: (
        _CANNOT_READ,
        N_(
            "It looks as if the data that this app needs is not shared with it in Clever, or not "
            "all of it."
        ),
    ),
    Shape.PASSING: (
        _CANNOT_READ,
        N_(
            "This usually passes by itself: we ask Clever again every half hour. There is nothing "
            "you have to do."
        ),
    ),
    Shape.OUR_OWN_FAULT: (
        _CANNOT_READ,
        N_(
            "This is not your fault: the people who run the app have to correct it. There is "
            "nothing you have to do."
        ),
    ),
    Shape.DISCONNECTED: (
        _CANNOT_READ,
        N_("Usually the app was removed in Clever, or its permission was taken away."),
    ),
    Shape.NOTHING_SHARED: (
        N_("All {number} schools are gone from the data."),
        N_(
            "It looks as if sharing was switched off in Clever. That is seldom meant: please check "
            "the sharing settings of this app in Clever first."
        ),
    ),
    Shape.ONE_SCHOOL_GONE: (
        N_("One school is no longer shared: {school}."),
        N_("It looks as if the school was closed, or taken out of the sharing settings in Clever."),
    ),
    Shape.SCHOOLS_GONE: (
        N_("{number} schools are no longer shared."),
        N_("It looks as if schools were closed, or taken out of the sharing settings in Clever."),
    ),
    Shape.ALL_IDS_CHANGED: (
        N_("Nearly every id of the {records} has changed; the {records} are the same."),
        N_("It looks as if your student information system was replaced or set up anew."),
    ),
    Shape.IDS_CHANGED: (
        N_("Many ids of the {records} have changed; the {records} are the same."),
        N_("It looks as if source ids were changed in your student information system."),
    ),
    Shape.TERM_CHANGE: (
        N_("Many classes would end, while the people stay."),
        N_("It looks like a change of term."),
    ),
    Shape.GRADUATION: (
        N_("Most of the students that would be removed are in the last grade."),
        N_("It looks like graduation, or the end of a school year."),
    ),
    Shape.KIND_GONE: (
        N_("There are no {records} in the data any more."),
        N_("It looks as if {records} are no longer shared with this app in Clever."),
    ),
    Shape.FAMILIES_GONE: (
        N_("Many guardians are gone from the data, while the students stay."),
        N_(
            "It looks as if contacts are no longer shared, or were set up anew in your student "
            "information system."
        ),
    ),
    Shape.ONE_SCHOOL_SHRINKS: (
        N_("One school loses much: {school}."),
        N_(
            "It looks as if something changed at this school alone: an import that was cut short, "
            "or people who moved elsewhere."
        ),
    ),
    Shape.MANY_LEAVE: (
        N_("Many {records} are gone from the data."),
        N_(
            "It looks like the end of a school year, an import that was cut short, or a change of "
            "what is shared in Clever."
        ),
    ),
    Shape.DOUBTFUL_CONTACTS: (
        N_("Some contacts may not be guardians."),
        N_("It looks as if emergency contacts or whole lists of contacts are shared as guardians."),
    ),
    Shape.UNREADABLE: (
        N_("Some records from Clever could not be read."),
        N_("It looks as if a field is filled in wrongly in your student information system."),
    ),
}


def shape_words(guess: Guess, language: Language = ENGLISH) -> tuple[str, str]:
    """What happened in one sentence, and what it usually means in another."""
    kind = KINDS.get(guess.kind)
    values = {
        "records": language.say(kind.words[1] if kind else N_("records")),
        "school": guess.school,
        "number": language.number(guess.number),
    }
    what, meaning = _WORDS[guess.shape]
    return language.say(what, **values), language.say(meaning, **values)
