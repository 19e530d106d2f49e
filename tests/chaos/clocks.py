"""Machines whose clocks are wrong."""

import os
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCK = Path(__file__).with_name("clock")


def environment(wrong_by_s: float) -> dict[str, str]:
    """What makes a program's clock wrong by so much, and lets it find the tests' own modules."""
    path = [str(CLOCK), str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {"CHAOS_CLOCK_S": str(wrong_by_s), "PYTHONPATH": os.pathsep.join(filter(None, path))}
