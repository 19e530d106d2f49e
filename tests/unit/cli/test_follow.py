from datetime import UTC, datetime

import msgspec
import pytest
from rich.console import Console

from rosterhold.adapters.database.views import SyncView
from rosterhold.cli.deciding import sentence
from rosterhold.cli.follow import WORDS, exit_code, progress_display
from rosterhold.statemachine.chart import SyncState

NOW = datetime(2025, 9, 15, tzinfo=UTC)


def view(state: SyncState, **progress: int) -> SyncView:
    return SyncView(
        id="S1",
        district="D1",
        district_clever_id="clever",
        district_name="Demo",
        state=state.value,
        version=1,
        trigger="command_line",
        started_at=NOW,
        finished_at=None,
        held_since=None,
        counts={},
        set_aside={},
        receipt=None,
        failure=None,
        progress=progress,
    )


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (SyncState.COMPLETED, 0),
        (SyncState.FAILED, 1),
        (SyncState.CANCELLED, 1),
        (SyncState.HELD_REMOVALS, 3),
        (SyncState.HELD_CONFIGURATION, 3),
        (SyncState.HELD_DISCONNECTED, 3),
    ],
)
def test_the_exit_code_tells_how_a_sync_rests(state, code):
    assert exit_code(view(state)) == code


def test_every_state_has_words():
    assert set(WORDS) == set(SyncState)


def test_in_a_pipe_each_state_is_one_line(capsys):
    with progress_display() as display:
        display.show(view(SyncState.FETCHING))
        display.show(view(SyncState.FETCHING, students=10))
        display.show(view(SyncState.EVALUATING, students=1234))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "running.fetching: reading Clever",
        "running.evaluating: comparing with the roster, 1,234 records read",
    ]


def test_on_a_terminal_the_states_are_bars(capsys):
    console = Console(stderr=True, force_terminal=True, width=120)
    with progress_display(2000, console) as display:
        display.show(view(SyncState.FETCHING, students=1000))
        display.show(view(SyncState.COMPLETED, students=2000))
    said = capsys.readouterr()
    assert said.out == ""
    assert "1,000 records read" in said.err
    assert "the roster is up to date" in said.err


def test_a_sync_with_nothing_new_says_since_when_instead_of_numbers():
    done = msgspec.structs.replace(view(SyncState.COMPLETED), nothing_new_since=NOW)
    assert sentence(done, waited=True) == (
        "S1 completed. Nothing new: Clever's data has not changed since Sep 15, 2025, 12:00 AM UTC."
    )
