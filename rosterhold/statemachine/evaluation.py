"""Judge a sync: what it would change, what the rules find, and what a confirmation covers."""

from dataclasses import dataclass

import polars as pl

from rosterhold.roster.changes import REMOVED, ChangeSet, difference, target
from rosterhold.roster.district_settings import LeaveOut
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.leave_out import LeftOut
from rosterhold.roster.leave_out import leave_out as left_out_of
from rosterhold.roster.references import record_key
from rosterhold.roster.snapshot import Frames, no_frames
from rosterhold.statemachine import findings as found
from rosterhold.statemachine.acceptances import carried_over
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.judged import Judged, judge_what
from rosterhold.statemachine.policy import Policies
from rosterhold.statemachine.reasons import MOST_SEVERE_FIRST, Reason
from rosterhold.statemachine.rules import RULES


@dataclass(frozen=True, slots=True)
class ApprovalOutcome:
    """What became of the removals that a person approved, for the receipt.

    Attributes:
        removed: approved, and still true: they happen.
        came_back: approved, but the record is there again, or may be: it stays.
        not_covered: removed and not approved; the rules judged them by themselves.
    """

    removed: int
    came_back: int
    not_covered: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The judgement of a sync. Nothing is applied while it has findings.

    Attributes:
        changes: what applying would do.
        findings: what the rules found, most severe first and biggest first.
        target: the roster after applying; the next baseline.
        left_out: the snapshot without what the district leaves out, and how much that is.
        approval: what became of the approved removals.
        accepted: what the district accepted, under today's ids; it takes the place of what was
            stored when this sync is applied.
    """

    changes: ChangeSet
    findings: tuple[Finding, ...]
    target: Frames
    left_out: LeftOut
    approval: ApprovalOutcome
    accepted: pl.DataFrame

    def reasons(self) -> tuple[Reason, ...]:
        """Why the sync is on hold, most severe first; none when it may go on."""
        present = {finding.reason for finding in self.findings}
        return tuple(reason for reason in MOST_SEVERE_FIRST if reason in present)

    def digest(self, reason: Reason) -> str:
        """The name of exactly what is to be reviewed for one reason."""
        return found.digest(finding for finding in self.findings if finding.reason == reason)

    def rewritten(self) -> tuple[str, ...]:
        """The kinds whose target is not the snapshot's own file."""
        others = {*self.changes.kept, *self.changes.unjoined, *self.left_out.kinds}
        return tuple(name for name in KINDS if name in others)


def evaluate(
    *,
    baseline: Frames,
    snapshot: Frames,
    invalid: pl.DataFrame,
    policies: Policies,
    first: bool,
    leave_out: LeaveOut,
    approved: pl.DataFrame,
    accepted: pl.DataFrame,
) -> Evaluation:
    """Judge a snapshot against the baseline by all rules.

    Args:
        baseline: the roster as applied last.
        snapshot: the roster as Clever gave it now, from one complete fetch.
        invalid: the records that could not be read, in INVALID_COLUMNS.
        policies: the limits of the district and its schools.
        first: whether nothing was ever applied; then nothing can be removed, and `baseline` is
            not looked at.
        leave_out: which contacts the district leaves out.
        approved: removals that a person confirmed in this sync, in SUBJECT_SCHEMA.
        accepted: configuration that a person accepted for the district, in SUBJECT_SCHEMA.
    """
    baseline = no_frames() if first else baseline
    left_out = left_out_of(
        leave_out, baseline=baseline, snapshot=snapshot, limit=policies.guardian_limit()
    )
    changes = difference(baseline, left_out.snapshot, invalid)
    roster = target(left_out.snapshot, changes)
    accepted = carried_over(accepted, changes.renames())
    judged = judge_what(
        changes,
        baseline=baseline,
        roster=roster,
        readable=_heights(snapshot),
        invalid=invalid,
        policies=policies,
        leave_out=leave_out,
        approved=approved,
        accepted=accepted,
    )
    return Evaluation(
        changes=changes,
        findings=_judge(judged),
        target=roster,
        left_out=left_out,
        approval=_outcome(changes, approved),
        accepted=accepted,
    )


def _judge(judged: Judged) -> tuple[Finding, ...]:
    findings = (finding for rule in RULES.values() for finding in rule(judged))
    return tuple(sorted(findings, key=_most_severe_first))


def _most_severe_first(finding: Finding) -> tuple[int, int, bool, int, int, str]:
    """By reason and rule, then records before pairs, then the biggest."""
    return (
        MOST_SEVERE_FIRST.index(finding.reason),
        list(RULES).index(finding.rule),
        KINDS[finding.kind].is_pair,
        -finding.records,
        list(KINDS).index(finding.kind),
        finding.school,
    )


def _outcome(changes: ChangeSet, approved: pl.DataFrame) -> ApprovalOutcome:
    removed = pl.concat(
        changes.rows(name, REMOVED).select(
            pl.lit(name).alias("kind"), record_key(kind.key).alias("key"), pl.lit("").alias("fact")
        )
        for name, kind in KINDS.items()
    )
    reviewed = approved.filter(fact="").select(SUBJECT_COLUMNS).unique()
    happen = removed.join(reviewed, on=SUBJECT_COLUMNS, how="semi").height
    return ApprovalOutcome(
        removed=happen,
        came_back=reviewed.height - happen,
        not_covered=removed.height - happen,
    )


def _heights(frames: Frames) -> dict[str, int]:
    counts = pl.collect_all([rows.select(pl.len()) for rows in frames.values()])
    return {name: int(count.item()) for name, count in zip(frames, counts, strict=True)}
