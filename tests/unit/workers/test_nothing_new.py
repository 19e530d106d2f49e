"""Scheduled syncs that end early, because Clever has nothing new."""

import pytest
from doubles.inspector import Inspector
from doubles.town import Town, students_of
from doubles.world import DISTRICT, World

from rosterhold.adapters.database import districts, retention, syncs, views
from rosterhold.config.settings import Settings
from rosterhold.statemachine.decisions import Action

A_DAY_S = 86_400.0


def night(world: World) -> list[str]:
    """The events of the sync of the next night."""
    world.clock.passes(A_DAY_S)
    world.night_falls()
    world.calms_down()
    Inspector(world).looks()
    (newest,) = world.rows("SELECT id FROM syncs ORDER BY started_at DESC LIMIT 1")
    return [
        row[0]
        for row in world.rows(
            "SELECT event FROM transitions WHERE sync_id = ? ORDER BY seq", newest[0]
        )
    ]


NOTHING_NEW = ["start", "nothing_new"]
READ = ["start", "fetched", "clear", "applied"]


def test_a_night_without_news_reads_nothing_and_leaves_the_baseline(world: World):
    before = world.rows("SELECT baseline_sync_id, baseline_ref FROM districts")
    assert night(world) == NOTHING_NEW
    assert world.rows("SELECT baseline_sync_id, baseline_ref FROM districts") == before
    state, since, counts = world.rows(
        "SELECT state, nothing_new_since, counts FROM syncs ORDER BY started_at DESC LIMIT 1"
    )[0]
    assert (state, counts) == ("completed", "{}")
    assert since.startswith("2026-09-01")
    with world.database.reading() as conn:
        applied = views.last_applied(conn, DISTRICT)
        past = retention.with_files(conn, DISTRICT)
    assert applied is not None
    assert applied.id == before[0][0]
    assert [sync.id for sync in past if sync.applied] == [applied.id]


def test_every_seventh_night_is_read_fully(world: World):
    nights = [night(world) for _ in range(8)]
    assert [of == READ for of in nights] == [False] * 6 + [True, False]
    assert all(of in (NOTHING_NEW, READ) for of in nights)


def test_a_night_with_news_is_read(world: World):
    world.town = world.town.leave(students_of("north")[0])
    assert night(world) == READ
    assert night(world) == NOTHING_NEW


def test_a_school_that_is_shared_no_longer_is_noticed_though_last_sync_stands(world: World):
    world.town = world.town.unshare("north")
    assert night(world)[-1] == "hold"
    # What is on hold is read fully, every night.
    assert night(world)[-3:] == ["proceed", "fetched", "hold"]
    world.looks()
    world.decides(Action.CONFIRM)
    world.calms_down()
    assert night(world) == NOTHING_NEW


def test_after_a_sync_that_was_cancelled_clever_is_read(world: World):
    whole = world.town
    world.town = whole.leave(*students_of("north"))
    assert night(world)[-1] == "hold"
    world.cancels()
    world.town = whole
    assert night(world) == READ


@pytest.mark.parametrize(
    "values", [{"policy": {"max_removed_share": 0.5}}, {"leave_out_types": ["Family"]}]
)
def test_after_a_change_of_settings_clever_is_read_once(world: World, values):
    with world.database.transaction() as tx:
        districts.update(tx, DISTRICT, values)
    assert night(world) == READ
    assert night(world) == NOTHING_NEW


def test_accepted_records_are_no_change_of_settings_once_they_are_applied(world: World):
    world.town = world.town.emergency_contacts()
    assert night(world)[-1] == "hold"
    world.looks()
    world.decides(Action.ACCEPT)
    world.calms_down()
    assert night(world) == NOTHING_NEW


def test_what_a_person_starts_is_read(world: World):
    assert night(world) == NOTHING_NEW
    world.starts()
    world.calms_down()
    assert world.rows("SELECT count(*) FROM transitions WHERE event = 'applied'") == [(2,)]


def test_the_switch_lets_every_night_be_read(world: World):
    world.services.settings = Settings(full_read_days=0)
    assert night(world) == READ


def test_where_the_settings_of_the_last_reading_are_lost_clever_is_read(world: World):
    for ref in [ref for ref in world.store.texts if ref.endswith("/settings.txt")]:
        del world.store.texts[ref]
    assert night(world) == READ


def test_a_worker_that_dies_at_any_point_ends_it_once(world: World):
    for point in range(1, 60):
        world.begin(has_a_roster=True)
        world.town = Town()
        world.clock.passes(A_DAY_S)
        world.night_falls()
        struck = world.dies(world.delivers, point)
        world.calms_down()
        Inspector(world).looks()
        with world.database.reading() as conn:
            last = syncs.find_last(conn, DISTRICT)
        assert last is not None
        assert last.nothing_new_since is not None
        assert last.version == 2
        if not struck:
            return
    raise AssertionError("a night never came to its end")
