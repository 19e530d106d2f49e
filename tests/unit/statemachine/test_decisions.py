import pytest

from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.statemachine.decisions import Action, Answered, Refused, judge
from rosterhold.statemachine.reasons import Reason

REMOVALS = {Reason.DATA_REMOVALS: "abc"}
CONFIGURATION = {Reason.DATA_CONFIGURATION: "abc"}
BOTH = {**REMOVALS, **CONFIGURATION}


def test_a_confirmation_of_what_is_on_hold_stands():
    verdict = judge(SyncState.HELD_REMOVALS, REMOVALS, Action.CONFIRM, "abc")
    assert verdict == Answered(Reason.DATA_REMOVALS, closes=True, event=SyncEvent.RESUME)


@pytest.mark.parametrize("digest", ["abd", "", None])
@pytest.mark.parametrize("action", [Action.CONFIRM, Action.ACCEPT])
def test_an_answer_on_another_digest_is_refused(action, digest):
    verdict = judge(SyncState.HELD_CONFIGURATION, BOTH, action, digest)
    assert isinstance(verdict, Refused)
    assert verdict.code == "outdated"


def test_answering_one_of_two_reasons_does_not_resume():
    verdict = judge(SyncState.HELD_CONFIGURATION, BOTH, Action.CONFIRM, "abc")
    assert verdict == Answered(Reason.DATA_REMOVALS, closes=True, event=SyncEvent.ANSWER)


def test_checking_again_resumes_and_answers_nothing():
    verdict = judge(SyncState.HELD_CONFIGURATION, BOTH, Action.CHECK_AGAIN, None)
    assert isinstance(verdict, Answered)
    assert (verdict.closes, verdict.event) == (False, SyncEvent.RESUME)


def test_i_fixed_it_resumes_at_once_though_other_reasons_are_open():
    open_digests = {Reason.DISCONNECTED: "d", **REMOVALS}
    verdict = judge(SyncState.HELD_DISCONNECTED, open_digests, Action.FIXED, None)
    assert verdict == Answered(Reason.DISCONNECTED, closes=True, event=SyncEvent.RESUME)


@pytest.mark.parametrize(
    ("open_digests", "action"),
    [
        (CONFIGURATION, Action.CONFIRM),
        (CONFIGURATION, Action.FIXED),
        (REMOVALS, Action.ACCEPT),
        (REMOVALS, Action.LEAVE_OUT),
        ({Reason.DISCONNECTED: "abc"}, Action.CHECK_AGAIN),
    ],
)
def test_an_answer_to_a_reason_that_is_not_open_is_refused(open_digests, action):
    verdict = judge(SyncState.HELD_REMOVALS, open_digests, action, "abc")
    assert isinstance(verdict, Refused)
    assert verdict.code == "other_reason"


@pytest.mark.parametrize("state", [state for state in SyncState if not state.is_on_hold])
def test_a_sync_that_is_not_on_hold_takes_no_answer(state):
    verdict = judge(state, REMOVALS, Action.CONFIRM, "abc")
    assert isinstance(verdict, Refused)
    assert verdict.code == "not_on_hold"
