"""One sync from start to receipt, again and again: each time a process dies one point later."""

import os
from collections.abc import Callable, Iterator

import pytest
from doubles.inspector import Inspector
from doubles.machine import the_world
from doubles.remember import pure_work_is_remembered
from doubles.story import begins, goes_all_the_way, outcome, undisturbed
from doubles.world import World

LONG = "ROSTERHOLD_SIMULATION_RUNS" in os.environ


@pytest.fixture
def world() -> Iterator[World]:
    with pure_work_is_remembered():
        yield the_world()


def is_before(point: str) -> bool:
    return point.startswith("before")


def is_after(point: str) -> bool:
    """After what cannot be taken back; to die after a statement is to die before the next one."""
    effects = ("after a commit", "after handing a mail over")
    return point in effects or (LONG and point.startswith("after"))


@pytest.mark.parametrize("chosen", [is_before, is_after])
def test_wherever_a_process_dies_the_outcome_is_the_same(
    world: World, chosen: Callable[[str], bool]
):
    wanted, points = undisturbed(world)
    assert len(points) > 200
    for number, name in enumerate(points, start=1):
        if not chosen(name):
            continue
        begins(world)
        struck = world.dies(lambda: goes_all_the_way(world), number)
        assert struck == name
        Inspector(world).looks()
        goes_all_the_way(world)
        assert outcome(world) == wanted, f"died at point {number}: {name}"


def test_a_mail_goes_out_again_only_when_a_process_dies_before_it_is_noted(world: World):
    _, points = undisturbed(world)
    for number in (n for n, name in enumerate(points, start=1) if "mail" in name):
        begins(world)
        struck = world.dies(lambda: goes_all_the_way(world), number)
        goes_all_the_way(world)
        twice = [mail_id for mail_id, times in world.post.taken.items() if times == 2]
        assert len(twice) == (struck == "after handing a mail over")


def test_the_undisturbed_way_is_held_confirmed_and_completed(world: World):
    told, _ = undisturbed(world)
    assert [line[3] for line in told["history"][4:]] == [
        "running.fetching",
        "running.evaluating",
        "on_hold.data_removals",
        "resumed",
        "running.fetching",
        "running.evaluating",
        "running.applying",
        "completed",
    ]
    assert [line[0] for line in told["mails"]] == ["hold_opened", "hold_resolved"]
    assert [line[3] for line in told["students"]].count(0) == 5
