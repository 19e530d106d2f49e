"""A worker beside a newer version's: what it does not know it leaves for those who do."""

import logging
from typing import Any

import pytest
import structlog
from doubles.world import World
from structlog.testing import capture_logs

from rosterhold.adapters.database import outbox


def newer(world: World, statement: str) -> None:
    """What a newer version wrote, straight into the database."""
    world.rows(statement)


def work(world: World) -> Any:
    (row,) = world.rows("SELECT id, attempts, epoch, leased_until, given_up_at, work FROM outbox")
    return row


def unanswered(world: World) -> list[Any]:
    with world.database.reading() as conn:
        return list(outbox.idle(conn, world.database.now(conn)).unanswered)


@pytest.fixture
def busy(world: World) -> World:
    """A sync whose fetch is to be done."""
    world.starts()
    world.clock.passes(60)
    return world


def tries_often(world: World) -> set[str]:
    """An old worker comes by again and again; what it said in its log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as said:
        for _ in range(20):
            world.works(work(world)[0])
            world.clock.passes(120)
    return {line["event"] for line in said}


def test_work_of_a_kind_that_only_a_newer_version_knows_is_left_to_it(busy: World):
    newer(busy, "UPDATE outbox SET work = 'transcribe'")
    before = work(busy)
    tries_often(busy)
    assert work(busy) == before


def test_the_sweep_passes_over_what_only_a_newer_version_knows(busy: World):
    newer(busy, "UPDATE outbox SET work = 'transcribe'")
    assert unanswered(busy) == []


NEW_HOLD = """
    INSERT INTO holds (id, sync_id, district_id, reason, digest, evaluation_no, sentence, records,
                       opened_at)
    SELECT 'newer', id, district_id, 'data_transcribed', '', 1, '', 0, started_at
    FROM syncs WHERE finished_at IS NULL
"""


@pytest.mark.parametrize(
    "written", ["UPDATE syncs SET state = 'resumed.new' WHERE finished_at IS NULL", NEW_HOLD]
)
def test_a_sync_with_what_only_a_newer_version_knows_is_left_to_it(busy: World, written: str):
    newer(busy, written)
    said = tries_often(busy)
    assert work(busy)[1] == 0
    assert work(busy)[3:5] == (None, None)
    assert "left for a newer version" in said
