"""What operators do at the command line."""

import json

import pytest


@pytest.fixture
def started(ready):
    assert ready("sync", "start", "c1").code == 0
    return ready


def test_queues_are_shown_with_what_waits_and_that_nobody_works(started):
    said = started("queue", "show")
    assert said.code == 0
    assert "urgent" in said.out
    assert "No process is alive" in said.out


def test_queues_are_one_json_document(started):
    told = json.loads(started("queue", "show", "--json").out)
    assert next(one for one in told["queues"] if one["queue"] == "urgent")["waiting"] == 1
    assert told["processes"] == told["doing"] == []


def test_work_is_listed_and_its_sync_fails_when_it_is_given_up(started):
    told = json.loads(started("work", "list", "--json").out)
    [work] = told["work"]
    assert (told["total"], work["work"], work["standing"]) == (1, "fetch", "waiting")
    said = started("work", "give-up", str(work["id"]), "--reason", "a test")
    assert said.code == 0
    [sync] = json.loads(started("sync", "list", "--json").out)
    assert (sync["state"], sync["failure"]) == ("failed", "given up by an operator: a test")


def test_work_is_tried_at_once(started):
    [work] = json.loads(started("work", "list", "--json").out)["work"]
    assert started("work", "retry", str(work["id"])).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["work", "retry", "999"],
        ["work", "give-up", "999", "--reason", "a test"],
        ["work", "give-up", "1"],
        ["work", "give-up", "1", "--reason", " "],
        ["work", "list", "--stands", "nonsense"],
        ["work", "list", "--queue", "nonsense"],
    ],
)
def test_what_cannot_be_done_is_one_line(started, words):
    said = started(*words)
    assert said.code == 2
    assert said.is_one_line_error
