"""Writes the page of states from the chart itself: `python -m rosterhold.statemachine.describe`."""

import sys
from pathlib import Path
from typing import Final

from rosterhold.statemachine.chart import DistrictSync, SyncFacts, SyncState

_INTRODUCTION: Final = """\
# The states of a sync

This page is written from the chart in `rosterhold/statemachine/chart.py` by `make docs`; a test
fails when it is out of date.

A sync is one run for one district; a district has at most one open sync. *Running* is the group
fetching, evaluating, applying. A sync on hold names the most severe reason that is open:
disconnected, then data configuration, then data removals. People and the API read the words of the
second table.
"""

_MEANINGS: Final[dict[SyncState, str]] = {
    SyncState.FETCHING: "Clever is read, page by page, into a snapshot.",
    SyncState.EVALUATING: "The snapshot is compared with the roster and judged by the rules.",
    SyncState.APPLYING: "What was judged is written to the roster tables, all of it or nothing.",
    SyncState.HELD_DISCONNECTED: "Clever could not be read to the end.",
    SyncState.HELD_CONFIGURATION: "The data hint at a wrong set-up in the student system.",
    SyncState.HELD_REMOVALS: "More would be removed than the policy lets pass unseen.",
    SyncState.RESUMED: "Somebody decided, or a schedule asks again: Clever is read anew.",
    SyncState.COMPLETED: "The roster is what was reviewed, or Clever has nothing new.",
    SyncState.CANCELLED: "Somebody ended it; nothing was applied.",
    SyncState.FAILED: "Our own fault, after all retries; nothing was applied by half.",
}


def page() -> str:
    """The whole page, in Markdown."""
    machine = DistrictSync(SyncFacts(state=SyncState.FETCHING.value))
    words = "\n".join(
        f"| {state.name} | `{state.value}` | {_MEANINGS[SyncState(state.value)]} |"
        for state in machine.states
    )
    picture = "\n".join(
        line for line in f"{DistrictSync:mermaid}".splitlines() if "entry /" not in line
    )
    return (
        f"{_INTRODUCTION}\n"
        f"```mermaid\n{picture.rstrip()}\n```\n\n"
        f"## What each state means\n\n"
        f"| state | people and the API read | meaning |\n| --- | --- | --- |\n{words}\n\n"
        f"## What may follow what\n\n{f'{DistrictSync:md}'.rstrip()}\n"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
