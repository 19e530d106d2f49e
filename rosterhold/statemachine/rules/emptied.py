"""The rule: a kind of record, or a school, that empties is held at whatever size."""

from collections.abc import Iterator

from rosterhold.roster.kinds import STUDENTS, TEACHERS
from rosterhold.roster.schools import count_at_schools
from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.losses import DISTRICT, Loss
from rosterhold.statemachine.reasons import Reason


def emptied(judged: Judged) -> Iterator[Finding]:
    """Find kinds the district would have none left of, and schools nobody would be left at.

    A school empties when its last student goes, or its last teacher where no student is left.
    It does so by removal: when all of them only moved to another school, it is not found.
    What was approved before counts as gone: the one removal that completes the emptying is held.
    """
    none_left = [loss for loss in judged.losses if loss.after == 0]
    with_students = _schools_with_students(judged) if none_left else frozenset()
    for loss in none_left:
        if loss.school == DISTRICT or _empties_a_school(loss, with_students):
            place = judged.name_of(loss.school)
            yield Finding(
                reason=Reason.DATA_REMOVALS,
                rule="emptied",
                kind=loss.kind.name,
                school=loss.school,
                school_name=place,
                measured=loss.removed,
                limit=None,
                records=loss.removed,
                of=loss.before,
                sentence=_sentence(place, loss),
                subjects=loss.subjects,
            )


def _schools_with_students(judged: Judged) -> frozenset[str]:
    return frozenset(count_at_schools(STUDENTS, judged.roster[STUDENTS.name])["school"])


def _empties_a_school(loss: Loss, with_students: frozenset[str]) -> bool:
    if loss.kind == TEACHERS:
        return loss.school not in with_students
    return loss.kind == STUDENTS


def _sentence(place: str, loss: Loss) -> str:
    template = sentences.EMPTIED_OF_ONE if loss.before == 1 else sentences.EMPTIED
    if loss.removed < loss.before:
        template = sentences.EMPTIED_BY_THE_LAST
    return template.format(
        place=place or sentences.THE_DISTRICT,
        records=loss.kind.words[1],
        removed=sentences.number(loss.removed),
        before=sentences.number(loss.before),
    )
