"""The test of the tests: without one of its guards the product must not get through."""

from collections.abc import Iterator

import pytest
from doubles.inspector import Inspector
from doubles.machine import Simulation, the_world
from doubles.mutations import BY_CHANCE, BY_DYING_EVERYWHERE, Mutation, settling_forgets_the_epoch
from doubles.remember import pure_work_is_remembered
from doubles.story import begins, goes_all_the_way, outcome, undisturbed
from doubles.world import World
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

SEEDS = range(1, 9)
LIVES_A_SEED = 200
# With another seed than the first some go wrong sooner. Only the time it takes depends on this.
SOONER = {
    "a_claim_forgets_the_lease": 4,
    "a_confirmation_covers_every_removal": 4,
    "any_digest_will_do": 4,
    "mails_are_noted_before_they_go_out": 4,
}


def live(number: int, lives: int = LIVES_A_SEED) -> None:
    class Lives(Simulation):
        """A class of its own: hypothesis keeps the seed with it."""

    run_state_machine_as_test(
        seed(number)(Lives),
        settings=settings(
            max_examples=lives,
            stateful_step_count=25,
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def goes_wrong(number: int) -> bool:
    try:
        live(number)
    except Exception:  # noqa: BLE001 - however it shows
        return True
    return False


@pytest.fixture(autouse=True)
def _whole_world() -> None:
    """The roster that lives begin with is made while the product still has all its guards."""
    the_world()


@pytest.mark.parametrize("mutation", BY_CHANCE, ids=lambda mutation: mutation.__name__)
def test_some_life_goes_wrong_without(mutation: Mutation):
    first = SOONER.get(mutation.__name__, SEEDS[0])
    with mutation():
        assert any(goes_wrong(number) for number in sorted(SEEDS, key=lambda seed: seed != first))


@pytest.fixture
def world() -> Iterator[World]:
    with pure_work_is_remembered():
        yield the_world()


@pytest.mark.parametrize("mutation", BY_DYING_EVERYWHERE, ids=lambda mutation: mutation.__name__)
def test_dying_somewhere_changes_the_outcome_without(world: World, mutation: Mutation):
    wanted, points = undisturbed(world)
    with mutation():
        _, points = undisturbed(world)
        assert any(comes_out_otherwise(world, point, wanted) for point in range(len(points), 0, -1))


def comes_out_otherwise(world: World, point: int, wanted: object) -> bool:
    begins(world)
    try:
        world.dies(lambda: goes_all_the_way(world), point)
        Inspector(world).looks()
        goes_all_the_way(world)
    except AssertionError:
        return True
    return outcome(world) != wanted


def test_the_version_alone_keeps_a_worker_that_lost_its_claim_from_committing():
    """Epoch and version guard the same thing twice; a mutation of both is noticed above."""
    with settling_forgets_the_epoch():
        live(1, lives=60)
