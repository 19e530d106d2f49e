"""The buttons that a held sync offers, and what their forms carry."""

from dataclasses import dataclass
from typing import Final

from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import HoldView, OpenHoldView
from rosterhold.statemachine.decisions import Action, Answered, judge
from rosterhold.statemachine.reasons import Reason

# From so many on, confirming needs more than a click.
TYPED_FROM: Final = 101

# What leaving contacts out is a cure for.
_CONTACT_RULES: Final = frozenset({"contact_types", "guardians_per_student"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that the open reasons allow, and what its form carries."""

    action: Action
    digest: str
    evaluation_no: int
    records: int
    only_new_ids: bool

    @property
    def needs_number(self) -> bool:
        """Whether the number of records has to be typed."""
        return self.action is Action.CONFIRM and self.records >= TYPED_FROM


def choices(sync: SyncRow, hold: HoldView) -> list[Choice]:
    """The buttons that the chart and the open reasons allow, in the order of Action."""
    waiting = {Reason(line.reason): line for line in hold.reasons if not line.answered}
    digests = {reason: line.digest for reason, line in waiting.items()}
    allowed = []
    for action in Action:
        for line in waiting.values():
            verdict = judge(sync.state, digests, action, line.digest)
            if isinstance(verdict, Answered) and verdict.reason == line.reason:
                new_ids = only_new_ids(hold, line)
                allowed.append(
                    Choice(action, line.digest, line.evaluation_no, line.records, new_ids)
                )
                break
    rules = {finding.rule for finding in hold.findings}
    if not rules & _CONTACT_RULES:
        allowed = [choice for choice in allowed if choice.action is not Action.LEAVE_OUT]
    return allowed


def only_new_ids(hold: HoldView, line: OpenHoldView) -> bool:
    """Whether nothing but a mass change of ids stands behind a reason: nobody is removed."""
    rules = {finding.rule for finding in hold.findings if finding.reason == line.reason}
    return rules == {"reidentified"}
