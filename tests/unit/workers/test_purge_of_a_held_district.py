"""A hold that lasts: whatever is purged meanwhile, it can be reviewed and decided."""

from doubles.town import students_of
from doubles.world import DISTRICT, World

from rosterhold.adapters.database import views
from rosterhold.statemachine.decisions import Action
from rosterhold.workers.purge import purge_when_due

DAY = 86_400


def synced(world: World) -> str:
    world.starts()
    world.calms_down()
    return latest(world).id


def latest(world: World):
    with world.database.reading() as conn:
        sync = views.latest_sync(conn, DISTRICT)
    assert sync is not None
    return sync


def days_pass(world: World, days: int, *, nightly: bool = False) -> set[str]:
    """Day after day the purge runs; gives the syncs whose files went."""
    gone: set[str] = set()
    for _ in range(days):
        world.clock.passes(DAY)
        if nightly:
            world.night_falls()
            world.calms_down()
        done = purge_when_due(world.services)
        assert done is not None
        assert not done.failed
        gone |= {one.sync_id for one in done.purged}
    return gone


def held_world() -> tuple[World, str, str]:
    """A town that was synced, and half a year later lost most students of a school."""
    world = World()
    first = latest(world).id
    days_pass(world, 180)
    world.town = world.town.leave(*students_of("north")[1:])
    held = synced(world)
    assert world.is_held()
    return world, first, held


def test_a_hold_of_half_a_year_is_confirmed_and_applied():
    world, first, held = held_world()
    before = world.store.list(f"{DISTRICT}/{held}")
    assert days_pass(world, 180) == set()
    assert world.store.list(f"{DISTRICT}/{held}") == before
    assert world.store.list(f"{DISTRICT}/{first}")
    world.looks()
    world.answers_everything()
    world.calms_down()
    assert latest(world).state == "completed"
    assert latest(world).receipt["removed"] >= 5


def test_a_held_sync_that_is_checked_every_night_keeps_what_was_shown_first():
    world, _, held = held_world()
    world.looks()
    before = world.store.list(f"{DISTRICT}/{held}")
    assert days_pass(world, 40, nightly=True) == set()
    assert set(before) <= set(world.store.list(f"{DISTRICT}/{held}"))
    world.looks()
    world.decides(Action.CONFIRM)
    world.calms_down()
    assert latest(world).id == held
    assert latest(world).state == "completed"


def test_after_a_hold_the_old_baseline_goes_and_the_sync_of_it_follows_in_its_time():
    world, first, held = held_world()
    world.looks()
    world.answers_everything()
    world.calms_down()
    assert days_pass(world, 6, nightly=True) == set()
    assert days_pass(world, 2, nightly=True) == {first}
    assert days_pass(world, 40, nightly=True) >= {held}
    assert latest(world).state == "completed"


def test_a_cancelled_hold_leaves_the_baseline_for_the_next_sync():
    world, first, held = held_world()
    world.cancels()
    assert days_pass(world, 60) == {held}
    assert world.store.list(f"{DISTRICT}/{first}")
    synced(world)
    assert world.is_held()
