"""The rule: more people removed in one sync than the cap by number is held."""

from collections.abc import Iterator

import polars as pl

from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.losses import DISTRICT
from rosterhold.statemachine.reasons import Reason


def people_removed(judged: Judged) -> Iterator[Finding]:
    """Find more removed people, of all kinds together, than the district's cap.

    It is for districts so large that a small share of them is many people. The finding's kind is
    the one that loses most.
    """
    losses = [loss for loss in judged.losses if loss.kind.people and loss.school == DISTRICT]
    removed = sum(loss.removed for loss in losses)
    limit = judged.policies.district.max_removed_people
    if removed <= limit:
        return
    yield Finding(
        reason=Reason.DATA_REMOVALS,
        rule="people_removed",
        kind=max(losses, key=lambda loss: loss.removed).kind.name,
        school=DISTRICT,
        school_name="",
        measured=removed,
        limit=limit,
        records=removed,
        of=sum(loss.before for loss in losses),
        sentence=sentences.PEOPLE_REMOVED.format(
            place=sentences.THE_DISTRICT,
            removed=sentences.number(removed),
            list=sentences.listed(sentences.counted(loss.removed, loss.kind) for loss in losses),
            limit=sentences.number(limit),
        ),
        subjects=pl.concat([loss.subjects for loss in losses]),
    )
