"""The rule: too large a share of one kind removed, in the district or in one school, is held."""

from collections.abc import Iterator

from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.reasons import Reason


def share_removed(judged: Judged) -> Iterator[Finding]:
    """Find places that lose more than the share, and at least the number, that their policy says.

    The share is of the baseline. Re-identified records are not removed, and those approved before
    are not counted again. A school with a policy of its own is judged by that.
    """
    for loss in judged.losses:
        policy = judged.policy_of(loss.school)
        limit = policy.max_removed_share
        if loss.share > limit and loss.removed >= policy.min_removed_records:
            place = judged.name_of(loss.school)
            yield Finding(
                reason=Reason.DATA_REMOVALS,
                rule="share_removed",
                kind=loss.kind.name,
                school=loss.school,
                school_name=place,
                measured=loss.share,
                limit=limit,
                records=loss.removed,
                of=loss.before,
                sentence=sentences.SHARE_REMOVED.format(
                    place=place or sentences.THE_DISTRICT,
                    removed=sentences.number(loss.removed),
                    before=sentences.number(loss.before),
                    records=loss.kind.words[1],
                    share=sentences.percent(loss.share, limit),
                    limit=sentences.percent_limit(limit),
                ),
                subjects=loss.subjects,
            )
