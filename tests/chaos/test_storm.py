"""A short storm in CI; the long one is `make chaos`. A failing run prints its seed.

ROSTERHOLD_CHAOS_SEED replays a seed; without it each run draws another one.
"""

import os
import random

import pytest

from chaos.storm import run

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("chaos")]


def seed() -> int:
    given = os.environ.get("ROSTERHOLD_CHAOS_SEED")
    return int(given) if given else random.SystemRandom().getrandbits(31)


def test_nothing_is_lost_done_twice_or_done_unasked_in_a_storm():
    report = run(seed(), seconds=30, syncs=1_000, towns=40)
    assert report.wrong == [], "\n".join(report.lines())
    assert report.syncs > 10
    assert len(report.dealt) > 15
