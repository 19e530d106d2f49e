"""Names of states, answers and times, as people read them."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action

STATES: Final = {
    SyncState.FETCHING: "Reading from Clever",
    SyncState.EVALUATING: "Checking the changes",
    SyncState.APPLYING: "Updating your roster",
    SyncState.HELD_DISCONNECTED: "On hold: not connected",
    SyncState.HELD_CONFIGURATION: "On hold: data configuration",
    SyncState.HELD_REMOVALS: "On hold: data removals",
    SyncState.RESUMED: "Starting again",
    SyncState.COMPLETED: "Completed",
    SyncState.CANCELLED: "Cancelled",
    SyncState.FAILED: "Failed",
}

ACTIONS: Final = {
    Action.CHECK_AGAIN: "Check for new Clever data",
    Action.CONFIRM: "Confirm removals",
    Action.ACCEPT: "Accept",
    Action.LEAVE_OUT: "Leave these contacts out",
    Action.FIXED: "I fixed it",
}

# The way of a sync without a hold.
STEPS: Final = (
    SyncState.FETCHING,
    SyncState.EVALUATING,
    SyncState.APPLYING,
    SyncState.COMPLETED,
)


def state_words(state: str) -> str:
    return STATES.get(SyncState(state), state)


def action_words(action: str) -> str:
    """What a button said; another word (a schedule's, a worker's) is left as it is."""
    return ACTIONS[Action(action)] if action in set(Action) else action


def kind_words(kind: str) -> str:
    """`Students`; the heading of a kind."""
    return KINDS[kind].words[1].capitalize() if kind in KINDS else kind


def moment(at: datetime, zone_name: str) -> str:
    """`Nov 4, 2025, 2:03 PM CST`, in the district's time zone."""
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    there = at.astimezone(zone)
    hour = there.hour % 12 or 12
    return f"{there:%b} {there.day}, {there.year}, {hour}:{there:%M %p %Z}"


def lasting(span: timedelta) -> str:
    """`3 days`, `5 hours`, `a few minutes`."""
    hours = int(span.total_seconds() // 3600)
    if hours >= 48:  # noqa: PLR2004 - from two days on, hours say nothing
        return f"{hours // 24} days"
    if hours >= 1:
        return "an hour" if hours == 1 else f"{hours} hours"
    return "a few minutes"
