"""Short storms in CI; `make chaos` and `make chaos-outside` are long ones.

A failing run prints its seed, and ROSTERHOLD_CHAOS_SEED replays it.
"""

import os
import random

import pytest

from chaos import black_box, storm
from chaos.bars import PATIENT
from chaos.nemesis import HURT_MOST

pytestmark = pytest.mark.chaos


def seed() -> int:
    given = os.environ.get("ROSTERHOLD_CHAOS_SEED")
    return int(given) if given else random.SystemRandom().getrandbits(31)


def test_nothing_is_lost_done_twice_or_done_unasked_in_a_storm():
    report = storm.run(
        seed(), seconds=10, syncs=1_000, towns=24, every_s=storm.FIERCE_EVERY_S, bars=PATIENT
    )
    assert report.wrong == [], "\n".join(report.lines())
    assert report.syncs > 0
    # Which other faults come is drawn.
    assert set(HURT_MOST) <= set(report.dealt)


def test_nothing_is_lost_of_an_embedded_installation_that_is_killed_again_and_again():
    report = black_box.run(seed(), seconds=5, syncs=1_000, towns=6, embedded=True, bars=PATIENT)
    assert report.wrong == [], "\n".join(report.lines())
    assert report.syncs > 0
    assert report.dealt["up"] > 0
