"""Thousands of lives of a small town: `ROSTERHOLD_SIMULATION_RUNS=5000` for a long look.

hypothesis prints what happened in the shortest life that goes wrong, and a blob to live it again.
"""

import os

from doubles.machine import Simulation
from hypothesis import HealthCheck, settings

RUNS = int(os.environ.get("ROSTERHOLD_SIMULATION_RUNS", "150"))

SETTINGS = settings(
    # Two halves, so that two processes live through them at the same time.
    max_examples=RUNS // 2,
    stateful_step_count=25,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class OtherLives(Simulation):
    """A class of its own: hypothesis draws for each."""


TestLives = Simulation.TestCase
TestLives.settings = SETTINGS
TestOtherLives = OtherLives.TestCase
TestOtherLives.settings = SETTINGS
