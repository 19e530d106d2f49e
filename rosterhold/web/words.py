"""Names of states, answers and times, as people read them."""

from datetime import timedelta
from typing import Final

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.language import ENGLISH, N_, Language
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action, action_of

STATES: Final = {
    SyncState.FETCHING: N_("Reading from Clever"),
    SyncState.EVALUATING: N_("Checking the changes"),
    SyncState.APPLYING: N_("Updating your roster"),
    SyncState.HELD_DISCONNECTED: N_("On hold: not connected"),
    SyncState.HELD_CONFIGURATION: N_("On hold: data configuration"),
    SyncState.HELD_REMOVALS: N_("On hold: data removals"),
    SyncState.RESUMED: N_("Starting again"),
    SyncState.COMPLETED: N_("Completed"),
    SyncState.CANCELLED: N_("Cancelled"),
    SyncState.FAILED: N_("Failed"),
}

ACTIONS: Final = {
    Action.CHECK_AGAIN: N_("Check for new Clever data"),
    Action.CONFIRM: N_("Confirm removals"),
    Action.ACCEPT: N_("Accept"),
    Action.LEAVE_OUT: N_("Leave these contacts out"),
    Action.FIXED: N_("I fixed it"),
}

# The way of a sync without a hold.
STEPS: Final = (
    SyncState.FETCHING,
    SyncState.EVALUATING,
    SyncState.APPLYING,
    SyncState.COMPLETED,
)

# Why a sync moved on, as its history has it; what else stands there is for engineers.
WHYS: Final = (
    N_("the nightly schedule"),
    N_("its time in the night"),
    N_("started from the command line"),
    N_("cancelled from the command line"),
    N_("the roster is what was reviewed"),
    N_("Clever is read again"),
    N_("Clever was read to the end"),
    N_("nothing was found to hold"),
)


def state_words(state: str, language: Language = ENGLISH) -> str:
    return language.say(STATES[SyncState(state)]) if state in set(SyncState) else state


def action_words(action: str, language: Language = ENGLISH) -> str:
    """What a button said; another word (a schedule's, a worker's) is left as it is."""
    button = action_of(action)
    return language.say(ACTIONS[Action(button)]) if button in set(Action) else action


def why_words(why: str, language: Language = ENGLISH) -> str:
    """Why a sync moved on; "" for what only engineers understand."""
    return (
        language.say(why)
        if why in WHYS
        else action_words(why, language)
        if action_of(why) in set(Action)
        else ""
    )


def kind_words(kind: str, language: Language = ENGLISH) -> str:
    """`Students`; the heading of a kind."""
    return language.say(KINDS[kind].words[1]).capitalize() if kind in KINDS else kind


def lasting(span: timedelta, language: Language = ENGLISH) -> str:
    """`3 days`, `5 hours`, `a few minutes`."""
    hours = int(span.total_seconds() // 3600)
    if hours >= 48:  # noqa: PLR2004 - from two days on, hours say nothing
        return language.plural("{n} day", "{n} days", hours // 24)
    if hours >= 1:
        return language.plural("an hour", "{n} hours", hours)
    return language.say(N_("a few minutes"))
