"""Worker processes as production runs them, some of which are killed at a drawn line.

`python -m chaos.doomed` runs `rosterhold.workers.entry.run_workers`. In a share of the processes
every line of Rosterhold that runs is counted, and the process kills itself with SIGKILL at the line
that was drawn: in the middle of a transaction, between a commit and its message, anywhere.
"""

import errno
import importlib
import math
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import rosterhold
from rosterhold.workers.entry import run_workers

FOLDER = os.path.dirname(rosterhold.__file__ or "rosterhold")  # noqa: PTH120 - hot path, plain text
WATCHED = tuple(
    os.path.join(FOLDER, part)  # noqa: PTH118 - as above
    for part in ("workers", "adapters/database", "adapters/destination", "adapters/queue")
)
FEWEST_LINES, MOST_LINES = 300, 30_000
# What is forgotten is put back.
TAKEN_AWAY: list[object] = []


class Doom:
    """Counts down the lines of one process, over all its threads."""

    def __init__(self, lines: int, deaths: str) -> None:
        self._left = lines
        self._deaths = deaths

    def on_call(self, frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename.startswith(WATCHED):
            return self.on_line
        return None

    def on_line(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            self._left -= 1
            if self._left <= 0:
                self._die(frame)
        return self.on_line

    def _die(self, frame: FrameType) -> None:
        if is_calm():
            return
        place = f"{frame.f_code.co_filename.removeprefix(FOLDER)}:{frame.f_lineno}\n"
        log = os.open(self._deaths, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, place.encode())
        os.kill(os.getpid(), signal.SIGKILL)


def replace_unless_full(replace: Callable[..., None]) -> Callable[..., None]:
    """A disk on which nothing new can be kept as long as the storm says that it is full."""

    def replaced(*words: Any, **more: Any) -> None:
        if os.path.exists(os.environ["CHAOS_DISK_FULL"]):  # noqa: PTH110 - called by pathlib
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(*words, **more)

    return replaced


def is_calm() -> bool:
    """Whether the storm is over: nobody is killed any more."""
    return os.path.exists(os.environ["CHAOS_CALM"])  # noqa: PTH110 - hot path, plain text


def lose_a_guard() -> None:
    """Take one guard of the product away in this process, as a test of the storm's checker asks."""
    # Only here: this imports Polars, which a process that forks must not do.
    mutation = getattr(importlib.import_module("doubles.mutations"), os.environ["CHAOS_WITHOUT"])()
    mutation.__enter__()
    TAKEN_AWAY.append(mutation)


def doom() -> None:
    """Draw the fate of a process that was just forked."""
    if "CHAOS_WITHOUT" in os.environ:
        lose_a_guard()
    if is_calm():
        return
    rng = random.Random(f"{os.environ['CHAOS_SEED']}:{os.getpid()}")
    if rng.random() >= float(os.environ["CHAOS_DOOMED"]):
        return
    lines = int(math.exp(rng.uniform(math.log(FEWEST_LINES), math.log(MOST_LINES))))
    fate = Doom(lines, os.environ["CHAOS_DEATHS"])
    threading.settrace(fate.on_call)
    sys.settrace(fate.on_call)


if __name__ == "__main__":
    os.register_at_fork(after_in_child=doom)
    os.replace = replace_unless_full(os.replace)
    sys.exit(run_workers(processes=int(os.environ.get("CHAOS_PROCESSES", "2")), threads=4))
