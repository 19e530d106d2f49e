"""Without one of its guards the product must not get through: real processes that lost one."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from chaos.calm import begin, clever_is_slow, completes, district, leased, until
from chaos.folder import new_folder
from chaos.storm import Storm

pytestmark = pytest.mark.chaos


@pytest.fixture
def town_without() -> Iterator[Callable[[str], Storm]]:
    """Gives a town whose workers lost a guard."""
    folder = new_folder(8)
    with Storm(folder, 8, towns=2, doomed=0.0) as storm:

        def without(guard: str) -> Storm:
            storm.crew.stop()
            storm.new_crew(CHAOS_WITHOUT=guard)
            return storm

        yield without
    shutil.rmtree(folder)


def test_removals_that_nobody_judged_are_noticed(town_without):
    town = town_without("removals_are_ignored")
    completes(town, begin(town, 0))
    town.simulator.world.change("remove-students", district(town, 0).clever_id, share=0.6)
    assert town.checker.all() == []
    completes(town, begin(town, 0))
    assert any("nobody confirmed it" in sentence for sentence in town.checker.all())


@pytest.mark.skipif("ROSTERHOLD_LONG_TESTS" not in os.environ, reason="make chaos-test runs it")
def test_a_frozen_worker_that_commits_after_its_work_was_taken_over_is_noticed(town_without):
    town = town_without("neither_version_nor_epoch")
    clever_is_slow(town, 2.0, times=2)
    sync_id = begin(town, 0)
    until(town, lambda: bool(leased(town)))
    frozen = town.crew.pids()
    town.crew.freeze(frozen)
    town.crew.add_a_unit()
    completes(town, sync_id)
    town.crew.thaw(frozen)
    until(town, lambda: any(sync_id in sentence for sentence in town.checker.all()))
