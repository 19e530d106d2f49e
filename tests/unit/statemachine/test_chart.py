from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosterhold.statemachine.chart import (
    FINAL_STATES,
    GUARDED,
    Moved,
    NotAllowed,
    SyncEvent,
    SyncState,
    Work,
    events_allowed,
    move,
)
from rosterhold.statemachine.describe import page
from rosterhold.statemachine.reasons import MOST_SEVERE_FIRST, Reason

states = st.sampled_from(list(SyncState))
events = st.sampled_from(list(SyncEvent))
reasons = st.frozensets(st.sampled_from(list(Reason)))


def test_a_sync_without_findings_goes_from_fetching_to_completed():
    way = [SyncEvent.FETCHED, SyncEvent.CLEAR, SyncEvent.APPLIED]
    state, work = SyncState.FETCHING, []
    for event in way:
        moved = move(state, event)
        assert isinstance(moved, Moved)
        state = moved.state
        work += moved.work
    assert state is SyncState.COMPLETED
    assert work == [Work.EVALUATE, Work.APPLY]


@pytest.mark.parametrize(
    ("open_reasons", "state"),
    [
        ({Reason.DATA_REMOVALS}, SyncState.HELD_REMOVALS),
        ({Reason.DATA_CONFIGURATION}, SyncState.HELD_CONFIGURATION),
        ({Reason.DATA_REMOVALS, Reason.DATA_CONFIGURATION}, SyncState.HELD_CONFIGURATION),
    ],
)
def test_a_held_evaluation_names_the_most_severe_reason(open_reasons, state):
    moved = move(SyncState.EVALUATING, SyncEvent.HOLD, frozenset(open_reasons))
    assert moved == Moved(state, ())


def test_a_sync_with_an_open_reason_is_never_cleared():
    refused = move(SyncState.EVALUATING, SyncEvent.CLEAR, frozenset({Reason.DATA_REMOVALS}))
    assert refused == NotAllowed(SyncState.EVALUATING, SyncEvent.CLEAR)


def test_a_lost_connection_comes_before_reasons_that_are_open_already():
    moved = move(SyncState.FETCHING, SyncEvent.HOLD, frozenset(Reason))
    assert moved == Moved(SyncState.HELD_DISCONNECTED, ())


def test_answering_one_of_two_reasons_leaves_the_sync_held_for_the_other():
    moved = move(SyncState.HELD_CONFIGURATION, SyncEvent.ANSWER, frozenset({Reason.DATA_REMOVALS}))
    assert moved == Moved(SyncState.HELD_REMOVALS, ())


def test_a_resumed_sync_reads_clever_again_and_never_goes_on_blindly():
    assert move(SyncState.HELD_REMOVALS, SyncEvent.RESUME) == Moved(
        SyncState.RESUMED, (Work.RESUME,)
    )
    assert move(SyncState.RESUMED, SyncEvent.PROCEED) == Moved(SyncState.FETCHING, (Work.FETCH,))


@given(states, events, reasons)
def test_every_state_has_a_stated_answer_to_every_event(state, event, open_reasons):
    answer = move(state, event, open_reasons)
    assert isinstance(answer, Moved | NotAllowed)
    if isinstance(answer, Moved):
        assert event in events_allowed(state)


@given(events, reasons)
def test_nothing_follows_a_final_state(event, open_reasons):
    for state in FINAL_STATES:
        assert isinstance(move(state, event, open_reasons), NotAllowed)


@given(st.lists(st.tuples(events, reasons), max_size=40))
def test_only_a_sync_that_was_applied_or_has_nothing_to_read_can_be_completed(steps):
    state = SyncState.FETCHING
    for event, open_reasons in steps:
        moved = move(state, event, open_reasons)
        if isinstance(moved, Moved):
            if moved.state is SyncState.COMPLETED:
                has_nothing_new = state is SyncState.FETCHING and event is SyncEvent.NOTHING_NEW
                assert state is SyncState.APPLYING or has_nothing_new
            if moved.state is SyncState.APPLYING:
                assert state is SyncState.EVALUATING
                assert not open_reasons
            if moved.state.is_on_hold:
                worst = next(r for r in MOST_SEVERE_FIRST if r in open_reasons)
                assert moved.state.value == f"on_hold.{worst.value}"
            state = moved.state


def test_the_page_of_states_is_what_the_chart_says():
    written = Path(__file__).parents[3] / "docs" / "states.md"
    assert written.read_text(encoding="utf-8") == page(), "run `make docs`"


@given(states, events, reasons, reasons)
def test_only_guarded_events_look_at_the_open_reasons(state, event, some, others):
    if event not in GUARDED:
        assert move(state, event, some) == move(state, event, others)
