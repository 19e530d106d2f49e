"""A unit whose processes only live: `python -m doubles.a_unit FOLDER PROCESSES KIND`.

Each process leaves a file named by its id in FOLDER when it begins, one that ends in `.stopped`
when it stopped in order, and one that ends in `.inherited` for what a dead one had noted. KIND says
what is wrong: `none`, `stubborn` ones do not stop, `frail` ones die at once, and where it is
`crowded` the first one finds no room on the machine.
"""

import errno
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rosterhold.config.logging import configure
from rosterhold.workers import unit as unit_module
from rosterhold.workers.slate import Entry, Slate
from rosterhold.workers.unit import Unit

STOP_WITHIN_S = 30
# The stubborn are not waited for as long.
SOON_S = 1


@contextmanager
def living(folder: Path, kind: str, slate: Slate, left: Sequence[Slate]) -> Iterator[None]:
    for dead in [entry.work_id for one in left for entry in one.read()]:
        (folder / f"{dead}.inherited").touch()
    slate.write(Entry(work_id=os.getpid(), epoch=1, deaths=0))
    own = folder / str(os.getpid())
    own.touch()
    if kind == "frail":
        os._exit(7)
    yield
    if kind == "stubborn":
        time.sleep(300)
    own.with_suffix(".stopped").touch()


def the_machine_is_full_once() -> None:
    fork = os.fork

    def refused() -> int:
        os.fork = fork
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    os.fork = refused
    unit_module.LONGEST_WAIT_S = 0.1


if __name__ == "__main__":
    place, number, what = sys.argv[1:]
    configure("json")
    if what == "crowded":
        the_machine_is_full_once()
    unit = Unit(
        lambda slate, left: living(Path(place), what, slate, left),
        processes=int(number),
        stop_within_s=SOON_S if what == "stubborn" else STOP_WITHIN_S,
    )
    sys.exit(unit.run())
