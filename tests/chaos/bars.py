"""When a storm says that something took too long."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Bars:
    """In seconds.

    Attributes:
        rest: from the last fault until nothing waits.
        take_over: of a dead worker's work. 20 s of it are the lease; in a storm the database, the
            queue and all other workers, frozen ones too, may be away as well.
    """

    rest: float
    take_over: float


# For a machine that has nothing else to do.
STRICT = Bars(rest=60.0, take_over=60.0)
# What never comes to rest fails here too, but being slow is no verdict.
PATIENT = Bars(rest=300.0, take_over=math.inf)


def wait_until(true: Callable[[], bool], within_s: float) -> float:
    """Wait for it, but not for ever; gives how many seconds that took."""
    began = time.monotonic()
    while not true() and time.monotonic() - began < within_s:
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began
