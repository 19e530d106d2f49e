"""What a person can answer to a hold, and whether an answer stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.statemachine.reasons import Reason


class Action(StrEnum):
    """The buttons of the sync report."""

    CHECK_AGAIN = "check_again"
    CONFIRM = "confirm_removals"
    ACCEPT = "accept"
    LEAVE_OUT = "leave_out"
    FIXED = "fixed"


# Which reasons an action answers. Checking again answers none: Clever's new data will.
ANSWERS: Final[Mapping[Action, frozenset[Reason]]] = {
    Action.CHECK_AGAIN: frozenset({Reason.DATA_CONFIGURATION, Reason.DATA_REMOVALS}),
    Action.CONFIRM: frozenset({Reason.DATA_REMOVALS}),
    Action.ACCEPT: frozenset({Reason.DATA_CONFIGURATION}),
    Action.LEAVE_OUT: frozenset({Reason.DATA_CONFIGURATION}),
    Action.FIXED: frozenset({Reason.DISCONNECTED}),
}

# An answer that lets doubtful data through covers exactly what was reviewed.
BOUND_TO_A_DIGEST: Final = frozenset({Action.CONFIRM, Action.ACCEPT})

# These read Clever again at once, whatever else is open.
READS_AGAIN: Final = frozenset({Action.CHECK_AGAIN, Action.FIXED})


# How an answer is kept that leaves findings of its reason open. A worker of the release before
# knows only answers to everything, and must not take it for one of those.
PARTLY: Final[Mapping[Action, str]] = {
    Action.CONFIRM: "confirm_removals_partly",
    Action.ACCEPT: "accept_partly",
}


def action_of(kept: str) -> str:
    """The button behind a kept answer; another word is left as it is."""
    return next((action.value for action, word in PARTLY.items() if word == kept), kept)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer that was given before: by whom and when."""

    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that stands.

    Attributes:
        reason: the reason it is an answer to.
        closes: whether that reason counts as answered now.
        event: what happens to the sync.
    """

    reason: Reason
    closes: bool
    event: SyncEvent


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that changes nothing, and why, in the user's words.

    Attributes:
        code: for programs.
        sentence: for people.
        earlier: the answer that stands, where somebody was first.
    """

    code: str
    sentence: str
    earlier: Earlier | None = None


_REASON_WORDS: Final = {
    Reason.DISCONNECTED: "a lost connection to Clever",
    Reason.DATA_CONFIGURATION: "doubtful data configuration",
    Reason.DATA_REMOVALS: "data removals",
}


def judge(
    state: SyncState, open_digests: Mapping[Reason, str], action: Action, digest: str | None
) -> Answered | Refused:
    """Say whether an answer stands.

    Args:
        state: of the sync, now.
        open_digests: the reasons nobody has answered yet, each with the digest of its findings.
        action: what the person chose.
        digest: of what the person saw; needed for the actions in BOUND_TO_A_DIGEST.
    """
    if not state.is_on_hold:
        return Refused("not_on_hold", f"This sync is not on hold; it is {state}. Nothing was done.")
    meant = [reason for reason in ANSWERS[action] if reason in open_digests]
    if not meant:
        words = " or ".join(sorted(_REASON_WORDS[reason] for reason in ANSWERS[action]))
        return Refused(
            "other_reason", f"This sync is not on hold for {words} (any more). Nothing was done."
        )
    reason = meant[0]
    if action in BOUND_TO_A_DIGEST and digest != open_digests[reason]:
        return Refused("outdated", _outdated(digest))
    if action in READS_AGAIN:
        return Answered(reason, closes=action is Action.FIXED, event=SyncEvent.RESUME)
    others = open_digests.keys() - {reason}
    return Answered(reason, closes=True, event=SyncEvent.ANSWER if others else SyncEvent.RESUME)


def _outdated(digest: str | None) -> str:
    if not digest:
        return "This answer needs the digest of what was reviewed. Nothing was done."
    return (
        "What was reviewed is no longer what is on hold: the findings have changed. "
        "Nothing was done. Please look at the findings again."
    )
