"""One sync from start to receipt, told so that whoever was cut off can go on with it."""

from typing import Any

from doubles.town import students_of, teacher_of
from doubles.world import World
from rosterhold.statemachine.decisions import Action

Outcome = dict[str, Any]


def begins(world: World) -> None:
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
        "work left": world.rows("SELECT work FROM outbox ORDER BY id"),
    }


def undisturbed(world: World) -> tuple[Outcome, list[str]]:
    begins(world)
    with world.mishaps.watched() as points:
        goes_all_the_way(world)
    return outcome(world), points
