import threading

from doubles.town import students_of
from doubles.world import World

from rosterhold.workers import scheduler

A_DAY_S = 86_400.0
AN_HOUR_S = 3_600.0


def syncs(world: World) -> list[tuple[str, str]]:
    return world.rows("SELECT trigger, state FROM syncs ORDER BY started_at")[1:]


def test_a_slot_starts_a_sync(world: World):
    world.clock.passes(A_DAY_S)
    assert scheduler.tick(world.services) == 1
    assert syncs(world) == [("schedule", "running.fetching")]
    (message,) = world.bell.waiting
    assert (message.work, message.queue) == ("fetch", "nightly")


def test_a_slot_fires_once_however_many_schedulers_tick(world: World):
    world.clock.passes(A_DAY_S)
    assert [scheduler.tick(world.services) for _ in range(3)] == [1, 0, 0]
    assert len(syncs(world)) == 1


def test_two_schedulers_that_saw_the_same_slot_unused_fire_it_once(world: World):
    world.clock.passes(A_DAY_S)
    fired: list[int] = []

    def second() -> None:
        fired.append(scheduler.tick(world.services))

    # The first one has read which slots are used, and stands still before it uses one.
    world.freezes(
        lambda: fired.append(scheduler.tick(world.services)), 1, seconds=1, meanwhile=second
    )
    assert sorted(fired) == [0, 1]
    assert len(syncs(world)) == 1


def test_slots_that_nobody_was_there_for_fire_once(world: World):
    world.clock.passes(5 * A_DAY_S)
    assert scheduler.tick(world.services) == 1
    assert scheduler.tick(world.services) == 0
    assert len(syncs(world)) == 1


def test_a_scheduler_that_dies_at_any_point_leaves_the_slot_to_be_used_once(world: World):
    for point in range(1, 40):
        world.begin(has_a_roster=True)
        world.clock.passes(A_DAY_S)
        struck = world.dies(world.night_falls, point)
        world.night_falls()
        assert len(syncs(world)) == 1
        if not struck:
            return
    raise AssertionError("a tick never came to its end")


def test_a_running_sync_is_left_alone(world: World):
    world.starts()
    world.clock.passes(A_DAY_S)
    assert scheduler.tick(world.services) == 1
    assert syncs(world) == [("test", "running.fetching")]


def test_a_held_district_is_checked_again_keeps_its_age_and_sends_no_second_mail(world: World):
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    before = world.rows("SELECT id, opened_at, digest FROM holds")
    world.clock.passes(A_DAY_S)
    world.night_falls()
    world.calms_down()
    assert syncs(world) == [("test", "on_hold.data_removals")]
    assert world.rows("SELECT id, opened_at, digest FROM holds") == before
    assert list(world.post.taken.values()) == [1]
    assert world.rows("SELECT count(*) FROM transitions WHERE event = 'proceed'") == [(1,)]


def test_good_data_release_a_hold_by_themselves_with_a_receipt(world: World):
    before = world.town
    world.town = before.leave(*students_of("north"))
    world.starts()
    world.calms_down()
    world.town = before
    world.clock.passes(A_DAY_S)
    world.night_falls()
    world.calms_down()
    assert syncs(world) == [("test", "completed")]
    templates = world.rows("SELECT template, status FROM emails ORDER BY created_at")
    assert templates == [("hold_opened", "sent"), ("hold_resolved", "sent")]


def test_a_district_for_which_clever_was_down_is_checked_again_within_the_hour(world: World):
    world.clever.reachable = False
    world.starts()
    world.calms_down()
    assert syncs(world) == [("test", "on_hold.disconnected")]
    for _ in range(2):
        world.clock.passes(AN_HOUR_S)
        world.night_falls()
        world.calms_down()
    assert syncs(world) == [("test", "on_hold.disconnected")]
    world.clever.reachable = True
    world.clock.passes(AN_HOUR_S)
    world.night_falls()
    world.calms_down()
    assert syncs(world) == [("test", "completed")]


def test_a_district_that_took_the_app_away_waits_for_its_next_slot(world: World):
    [before] = world.rows("SELECT next_due_at FROM schedules")
    world.clever.connected = False
    world.starts()
    world.delivers()
    assert syncs(world) == [("test", "on_hold.disconnected")]
    assert world.rows("SELECT next_due_at FROM schedules") == [before]


class OneRound(threading.Event):
    """Told to stop as soon as somebody would wait for it."""

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self.set()
        return True


def test_a_scheduler_says_that_it_lives_until_it_ends(world: World, monkeypatch):
    seen: list[list[tuple[str]]] = []
    monkeypatch.setattr(
        scheduler, "tick", lambda *_, **__: seen.append(world.rows("SELECT role FROM processes"))
    )
    monkeypatch.setattr(scheduler, "run_purge", lambda *_: None)
    scheduler.run_scheduler(world.services, OneRound())
    assert seen == [[("scheduler",)]]
    assert world.rows("SELECT role FROM processes") == []
