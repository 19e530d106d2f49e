"""The chart of a sync: the only place that says what may follow what.

The table and the picture in docs/states.md are printed from this class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed

from rosterhold.statemachine.reasons import MOST_SEVERE_FIRST, Reason


class SyncState(StrEnum):
    """The states as people and the API read them."""

    FETCHING = "running.fetching"
    EVALUATING = "running.evaluating"
    APPLYING = "running.applying"
    HELD_DISCONNECTED = "on_hold.disconnected"
    HELD_CONFIGURATION = "on_hold.data_configuration"
    HELD_REMOVALS = "on_hold.data_removals"
    RESUMED = "resumed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES

    @property
    def is_on_hold(self) -> bool:
        return self.startswith("on_hold.")

    @property
    def is_running(self) -> bool:
        return self.startswith("running.")


FINAL_STATES: Final = frozenset({SyncState.COMPLETED, SyncState.CANCELLED, SyncState.FAILED})


class SyncEvent(StrEnum):
    """What can happen to a sync."""

    FETCHED = "fetched"
    NOTHING_NEW = "nothing_new"
    HOLD = "hold"
    CLEAR = "clear"
    APPLIED = "applied"
    ANSWER = "answer"
    RESUME = "resume"
    PROCEED = "proceed"
    CANCEL = "cancel"
    FAIL = "fail"


class Work(StrEnum):
    """A piece of work that a state asks for on being entered; its name is its worker's."""

    FETCH = "fetch"
    EVALUATE = "evaluate"
    APPLY = "apply"
    RESUME = "resume"
    EMAIL = "email"
    WEBHOOK = "webhook"
    BEGIN = "begin"
    REMIND = "remind"
    EVENTS = "events"


# The steps of a sync: each follows another. Everything else is an errand: it goes its own way.
SYNC_STEPS: Final = frozenset({Work.FETCH, Work.EVALUATE, Work.APPLY, Work.RESUME})
# What nobody needs any more when a sync is over. Other errands are still done.
ENDS_WITH_SYNC: Final = SYNC_STEPS | {Work.REMIND}
# What waits for its time: that it waits tells nothing.
WAITS_FOR_ITS_TIME: Final = frozenset({Work.REMIND, Work.EVENTS})


@dataclass(slots=True)
class SyncFacts:
    """What the machine reads and writes of a sync.

    Attributes:
        state: the stored state; the machine sets it.
        open_reasons: the reasons that are still to be answered, as they will be after the event.
        work: the work that follows, written by the machine.
    """

    state: str
    open_reasons: frozenset[Reason] = frozenset()
    work: list[Work] = field(default_factory=list)

    @property
    def worst(self) -> Reason | None:
        return next((reason for reason in MOST_SEVERE_FIRST if reason in self.open_reasons), None)


class DistrictSync(StateMachine):
    """One sync of one district.

    *running* is the group fetching, evaluating, applying. *on hold* is one state a reason: several
    reasons can be open at once, and the state names the most severe one.
    """

    fetching = State(value=SyncState.FETCHING.value, initial=True)
    evaluating = State(value=SyncState.EVALUATING.value)
    applying = State(value=SyncState.APPLYING.value)
    held_disconnected = State("Disconnected", value=SyncState.HELD_DISCONNECTED.value)
    held_configuration = State("Data configuration", value=SyncState.HELD_CONFIGURATION.value)
    held_removals = State("Data removals", value=SyncState.HELD_REMOVALS.value)
    resumed = State(value=SyncState.RESUMED.value)
    completed = State(value=SyncState.COMPLETED.value, final=True)
    cancelled = State(value=SyncState.CANCELLED.value, final=True)
    failed = State(value=SyncState.FAILED.value, final=True)

    fetched = fetching.to(evaluating)
    # Clever has what was applied last: there is nothing to read, to judge or to apply.
    nothing_new = fetching.to(completed)
    clear = evaluating.to(applying, cond="nothing_open")
    applied = applying.to(completed)
    hold = (
        fetching.to(held_disconnected, cond="worst_is_disconnected")
        | evaluating.to(held_configuration, cond="worst_is_configuration")
        | evaluating.to(held_removals, cond="worst_is_removals")
    )
    # One of several reasons was answered: the sync stays on hold for the others.
    answer = (
        held_disconnected.to.itself(cond="worst_is_disconnected")  # type: ignore[no-untyped-call]
        | held_configuration.to.itself(cond="worst_is_configuration")  # type: ignore[no-untyped-call]
        | held_configuration.to(held_removals, cond="worst_is_removals")
        | held_removals.to.itself(cond="worst_is_removals")  # type: ignore[no-untyped-call]
    )
    resume = (
        held_disconnected.to(resumed) | held_configuration.to(resumed) | held_removals.to(resumed)
    )
    proceed = resumed.to(fetching)
    cancel = (
        fetching.to(cancelled)
        | evaluating.to(cancelled)
        | held_disconnected.to(cancelled)
        | held_configuration.to(cancelled)
        | held_removals.to(cancelled)
        | resumed.to(cancelled)
    )
    fail = fetching.to(failed) | evaluating.to(failed) | applying.to(failed) | resumed.to(failed)

    def nothing_open(self) -> bool:
        return self.facts.worst is None

    def worst_is_disconnected(self) -> bool:
        return self.facts.worst is Reason.DISCONNECTED

    def worst_is_configuration(self) -> bool:
        return self.facts.worst is Reason.DATA_CONFIGURATION

    def worst_is_removals(self) -> bool:
        return self.facts.worst is Reason.DATA_REMOVALS

    def on_enter_fetching(self) -> None:
        self.facts.work.append(Work.FETCH)

    def on_enter_evaluating(self) -> None:
        self.facts.work.append(Work.EVALUATE)

    def on_enter_applying(self) -> None:
        self.facts.work.append(Work.APPLY)

    def on_enter_resumed(self) -> None:
        self.facts.work.append(Work.RESUME)

    @property
    def facts(self) -> SyncFacts:
        facts: SyncFacts = self.model
        return facts


INITIAL: Final = SyncState.FETCHING
INITIAL_WORK: Final = Work.FETCH


@dataclass(frozen=True, slots=True)
class Moved:
    """A transition that the chart allows: the state it leads to and the work that follows."""

    state: SyncState
    work: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """An event that the chart does not allow in this state."""

    state: SyncState
    event: SyncEvent

    @property
    def sentence(self) -> str:
        return f"a sync in state {self.state} does not take the event {self.event}"


# The events whose way depends on which reasons are open.
GUARDED: Final = frozenset({SyncEvent.HOLD, SyncEvent.CLEAR, SyncEvent.ANSWER})


@lru_cache(maxsize=512)
def move(
    state: SyncState, event: SyncEvent, open_reasons: frozenset[Reason] = frozenset()
) -> Moved | NotAllowed:
    """Say where an event leads from a stored state, and what is to be done then.

    The answer depends on nothing but the arguments, so it is kept: building a machine costs a
    quarter of a millisecond, which a transition should not.
    """
    facts = SyncFacts(state=state.value, open_reasons=open_reasons)
    machine = DistrictSync(facts)
    try:
        machine.send(event.value)
    except TransitionNotAllowed:
        return NotAllowed(state, event)
    return Moved(SyncState(facts.state), tuple(facts.work))


def events_allowed(state: SyncState) -> Sequence[SyncEvent]:
    """The events that some transition out of this state takes, whatever its guards."""
    machine = DistrictSync(SyncFacts(state=state.value))
    return tuple(SyncEvent(event.id) for event in machine.allowed_events)
