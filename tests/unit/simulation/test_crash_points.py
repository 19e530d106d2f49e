"""One sync from start to receipt, again and again: each time a process dies one point later."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from doubles.inspector import Inspector
from doubles.machine import the_world
from doubles.remember import pure_work_is_remembered
from doubles.town import students_of, teacher_of
from doubles.world import World

from rosterhold.statemachine.decisions import Action

Outcome = dict[str, Any]
LONG = "ROSTERHOLD_SIMULATION_RUNS" in os.environ


@pytest.fixture
def world() -> Iterator[World]:
    with pure_work_is_remembered():
        yield the_world()


def begin(world: World) -> None:
    """A town with a roster, where five students of six and the teacher have left."""
    world.begin(has_a_roster=True)
    world.town = world.town.leave(*students_of("north")[1:], teacher_of("north")).marry()


def goes_all_the_way(world: World) -> None:
    """People and machines do what is next, and try again until the sync is done."""
    for _ in range(10):
        if len(world.rows("SELECT id FROM syncs WHERE state = 'completed'")) == 2:
            world.calms_down()
            return
        if not world.rows("SELECT id FROM syncs WHERE finished_at IS NULL"):
            world.starts()
        world.calms_down()
        if world.is_held():
            world.looks()
            world.decides(Action.CONFIRM)
    raise AssertionError("the sync never completed")


def outcome(world: World) -> Outcome:
    """What is left behind, but for times and random ids."""
    return {
        "students": world.rows("SELECT id, clever_id, last_name, active FROM roster_students"),
        "teachers": world.rows("SELECT id, clever_id, active FROM roster_teachers"),
        "enrolments": world.rows(
            "SELECT id, section_id, student_id, active FROM roster_enrolments"
        ),
        "history": world.rows(
            "SELECT seq, from_state, event, to_state, why, who FROM transitions "
            "ORDER BY sync_id, seq"
        ),
        "holds": world.rows("SELECT reason, resolution, digest FROM holds"),
        "decisions": world.rows("SELECT action, digest FROM decisions"),
        "mails": world.rows("SELECT template, recipient, status FROM emails ORDER BY template"),
        "work left": world.rows("SELECT work FROM outbox"),
    }


def undisturbed(world: World) -> tuple[Outcome, list[str]]:
    begin(world)
    with world.mishaps.watched() as points:
        goes_all_the_way(world)
    return outcome(world), points


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
        begin(world)
        struck = world.dies(lambda: goes_all_the_way(world), number)
        assert struck == name
        Inspector(world).looks()
        goes_all_the_way(world)
        assert outcome(world) == wanted, f"died at point {number}: {name}"


def test_a_mail_goes_out_again_only_when_a_process_dies_before_it_is_noted(world: World):
    _, points = undisturbed(world)
    for number in (n for n, name in enumerate(points, start=1) if "mail" in name):
        begin(world)
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
