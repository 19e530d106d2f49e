"""`python -m chaos`: a long storm, from inside or from outside, as `make` calls it."""

import argparse
import random
import signal
import sys

from chaos import black_box, storm
from rosterhold.config import logging

LONGEST_S = 24 * 3600.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--outside", action="store_true", help="by commands, pages and SQL only")
    parser.add_argument("--embedded", action="store_true", help="`rosterhold up` on SQLite")
    parser.add_argument("--syncs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--towns", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=LONGEST_S, help="of the storm, at most")
    given = parser.parse_args()
    # A run that is told to end takes its servers and workers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # The storm's own people see the servers go away all the time.
    logging.configure("json", "ERROR")
    seed = random.SystemRandom().getrandbits(31) if given.seed is None else given.seed
    size = {"seconds": given.seconds, "syncs": given.syncs, "towns": given.towns}
    if given.outside or given.embedded:
        report: black_box.Report | storm.Report = black_box.run(
            seed, embedded=given.embedded, **size
        )
    else:
        report = storm.run(seed, **size)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
