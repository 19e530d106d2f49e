"""The rule: a school that goes is always held, with every record of it that is removed."""

from collections.abc import Iterator

import polars as pl

from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.losses import Loss
from rosterhold.statemachine.reasons import Reason


def school_removed(judged: Judged) -> Iterator[Finding]:
    """Find schools of the baseline that the snapshot lacks, at whatever size.

    The subjects are the school and every record of it that is removed, but for those approved
    before. So a school approved as gone is found again when one more record goes with it, and
    then with that record alone.
    """
    for school, losses in judged.losses_of_gone_schools.items():
        if not losses:
            continue
        subjects = pl.concat([loss.subjects for loss in losses])
        yield Finding(
            reason=Reason.DATA_REMOVALS,
            rule="school_removed",
            kind="schools",
            school=school,
            school_name=judged.name_of(school),
            measured=subjects.height,
            limit=None,
            records=subjects.height,
            of=sum(loss.before for loss in losses),
            sentence=_sentence(judged.name_of(school), losses),
            subjects=subjects,
        )


def _sentence(place: str, losses: tuple[Loss, ...]) -> str:
    with_it = [loss for loss in losses if loss.kind.name != "schools"]
    # Pairs say nothing that their records do not, unless they are all there is.
    told = [loss for loss in with_it if not loss.kind.is_pair] or with_it
    if not told:
        return sentences.SCHOOL_REMOVED.format(place=place)
    confirmed = len(with_it) == len(losses)
    template = sentences.MORE_OF_A_REMOVED_SCHOOL if confirmed else sentences.SCHOOL_REMOVED_WITH
    counts = sentences.listed(sentences.counted(loss.removed, loss.kind) for loss in told)
    return template.format(place=place, list=counts)
