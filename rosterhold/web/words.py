"""Names of states, answers and times, as people read them."""

import re
from datetime import timedelta
from typing import Final

import msgspec

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.language import ENGLISH, N_, Language
from rosterhold.roster.unreadable_words import unreadable_words
from rosterhold.roster.wording import counted
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action, Refused, action_of
from rosterhold.statemachine.shape import Guess, shape_words
from rosterhold.statemachine.standing import Standing

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
    N_("Clever has nothing new"),
    N_("nothing was found to hold"),
)


STANDINGS: Final = {
    Standing.CONNECTED: N_("Connected"),
    Standing.ON_HOLD: N_("On hold"),
    Standing.NOT_CONNECTED: N_("Not connected"),
}

TRIGGERS: Final = {
    "schedule": N_("by schedule"),
    "first_sync": N_("first sync"),
    "command": N_("by hand"),
    "button": N_("by hand"),
    "webhook": N_("by Clever's news"),
    "events": N_("by Clever's news"),
}


# Why an answer changed nothing.
REFUSALS: Final = {
    "not_on_hold": N_("This sync is not on hold any more. Nothing was done."),
    "other_reason": N_("This sync is not on hold for that (any more). Nothing was done."),
    "outdated": N_(
        "What you reviewed is no longer what is on hold: the findings have changed. Nothing was "
        "done. Please look at the report again."
    ),
    "decided": N_("Somebody has decided this already. Nothing was done."),
    "nothing_chosen": N_("No school was chosen. Nothing was done."),
    "no_finding": N_(
        "Something you chose is not on hold (any more). Nothing was done. Please look at the "
        "report again."
    ),
    "whole_only": N_("This answer is for the whole district. Nothing was done."),
}


def refusal_words(refused: Refused, language: Language = ENGLISH) -> str:
    return language.say(REFUSALS[refused.code]) if refused.code in REFUSALS else refused.sentence


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


def standing_words(standing: str, language: Language = ENGLISH) -> str:
    return language.say(STANDINGS[Standing(standing)])


def trigger_words(trigger: str, language: Language = ENGLISH) -> str:
    """What began a sync; "" for a word that people have no use for."""
    return language.say(TRIGGERS[trigger]) if trigger in TRIGGERS else ""


def guess_words(guess: Guess | None, language: Language = ENGLISH) -> tuple[str, str]:
    """What happened and what it usually means; two empty texts when nothing did."""
    return shape_words(guess, language) if guess is not None else ("", "")


def grades_words(low: str, high: str) -> str:
    """`3-5`, `9`; "" where Clever says no grade."""
    shown = [_SHORT_GRADES.get(grade, grade) for grade in (low, high) if grade]
    return "\N{EN DASH}".join(dict.fromkeys(shown))


def fact_words(fact: str, language: Language = ENGLISH) -> str:
    """What was found of a record, in the language; the word of a type, or of several, as it is."""
    found = _GUARDIANS.fullmatch(fact)
    return (
        counted("contacts", int(found[1]), language)
        if found
        else unreadable_words(in_a_row(fact), language)
    )


def in_a_row(value: str) -> str:
    """A value that is a list (roster/lists.py) as people write it: `Parent, Guardian`."""
    if not value.startswith("["):
        return value
    try:
        return ", ".join(msgspec.json.decode(value, type=list[str]))
    except msgspec.DecodeError:
        return value


def unbroken(text: str) -> str:
    """A text in which no sign of percent goes to the next line without its number."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def set_aside_words(what: str, number: int, language: Language = ENGLISH) -> str:
    """What was not taken over, as a sync counts it: `unreadable students`, `left out contacts`."""
    kind = what.rpartition(" ")[2]
    records = counted(kind, number, language)
    if what.startswith("left out"):
        return language.say(N_("{records} left out"), records=records)
    return language.say(N_("{records} that could not be read"), records=records)


_GUARDIANS: Final = re.compile(r"(\d+) guardians")
_SHORT_GRADES: Final = {
    "InfantToddler": "IT",
    "Preschool": "PS",
    "PreKindergarten": "PK",
    "TransitionalKindergarten": "TK",
    "Kindergarten": "K",
}
