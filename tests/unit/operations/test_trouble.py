"""What the overview says: what is wrong, and what to do about it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rosterhold.adapters.database.census import Census
from rosterhold.adapters.database.processes import Dead
from rosterhold.web.operations.trouble import HANDBOOK, Facts, Harm, minutes, troubles

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def facts(**changes):
    """All is well, but for the changes."""
    of_census = {
        "at": NOW,
        "districts": 100,
        "open_syncs": {},
        "finished": {"completed": 90},
        "holds": {},
        "oldest_hold": None,
        "work": {},
        "due_since": {},
        "alive": {"worker": 2, "scheduler": 1},
    }
    own = {"errors": {}, "disconnected": {}, "messages": {}, "read_only": False}
    census = {name: changes.pop(name) for name in [*changes] if name in of_census}
    return Facts(census=Census(**{**of_census, **census}), **{**own, **changes})


WRONG = {
    "no-worker-is-alive": {"alive": {"scheduler": 1}},
    "no-scheduler-is-alive": {"alive": {"worker": 1}},
    "the-database-is-away-or-read-only": {"read_only": True},
    "redis-is-away-or-was-emptied": {"messages": None},
    "a-process-died": {"dead": [Dead("worker", "roster-2, 4711", NOW - timedelta(minutes=3))]},
    "work-lies": {
        "work": {("nightly", "waiting"): 3},
        "due_since": {"nightly": NOW - timedelta(minutes=5)},
    },
    "clever-is-down": {"disconnected": {"unreachable": 12}},
    "syncs-fail": {"finished": {"failed": 1}},
    "work-fails": {"work": {("nightly", "retrying"): 1}},
    "mails-fail": {"work": {("email", "retrying"): 14}},
    "work-was-given-up": {"work": {("email", "given_up"): 1}},
    "an-endpoint-is-switched-off": {"endpoints_off": 1},
    "a-district-is-held-for-weeks": {"oldest_hold": NOW - timedelta(days=14, seconds=1)},
}


def test_when_all_is_well_nothing_is_said():
    assert troubles(facts()) == []


@pytest.mark.parametrize(("anchor", "changes"), WRONG.items(), ids=list(WRONG))
def test_what_is_wrong_is_said_with_what_to_do(anchor, changes):
    [found] = troubles(facts(**changes))
    assert found.anchor == anchor
    assert found.what.endswith(".")
    assert found.todo.endswith(".")


@pytest.mark.parametrize("anchor", WRONG)
def test_each_leads_to_a_heading_of_the_handbook(anchor):
    page = ROOT / HANDBOOK.partition("/main/")[2]
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}


@pytest.mark.parametrize(
    "changes",
    [
        {"alive": {"up": 1, "scheduler": 1}},
        {"oldest_hold": NOW - timedelta(days=14)},
        {
            "work": {("nightly", "waiting"): 3},
            "due_since": {"nightly": NOW - timedelta(minutes=4, seconds=59)},
        },
        {"disconnected": {"not_connected": 1}},
    ],
)
def test_what_is_usual_is_no_trouble(changes):
    assert troubles(facts(**changes)) == []


def test_the_most_harmful_comes_first():
    found = troubles(facts(alive={}, messages=None, work={("email", "retrying"): 1}))
    assert [one.harm for one in found] == sorted(one.harm for one in found)
    assert found[0].harm is Harm.STANDS_STILL
    assert found[-1].harm is Harm.LOOK


def test_the_last_error_of_what_fails_is_told():
    [found] = troubles(
        facts(work={("email", "retrying"): 2}, errors={"email": "connection refused"})
    )
    assert found.detail == "connection refused"
    assert found.what == "2 mails failed and wait for another try."


def test_a_process_that_died_is_named_with_its_machine():
    [found] = troubles(
        facts(dead=[
            Dead("worker", "roster-2, 4711", NOW - timedelta(minutes=3)),
            Dead("scheduler", None, NOW - timedelta(minutes=30)),
        ])
    )  # fmt: skip
    assert found.what == (
        "2 processes died within the last hour: the last one was a worker on roster-2, 4711, last "
        "heard of 3 min ago."
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")],
)
def test_a_span_is_said_in_the_unit_that_fits(seconds, words):
    assert minutes(timedelta(seconds=seconds)) == words
