"""The entry of production's worker processes, which dramatiq's own command line starts."""

import os
from argparse import Namespace
from collections.abc import Sequence

import dramatiq
from dramatiq.cli import main, make_argument_parser

from rosterhold.config.logging import configure
from rosterhold.config.settings import load
from rosterhold.config.wiring import build
from rosterhold.workers.pool import equip

# When one worker process dies, dramatiq lets the others end before all start again, and nobody
# takes work meanwhile: so this is not longer than a lease. What is cut off is taken over.
STOP_WITHIN_MS = 20_000


def start() -> None:
    """Build everything of one worker process; dramatiq calls it in each."""
    settings = load(os.environ)
    configure(settings.log_format)
    services = build(settings)
    equip(services, role="worker")
    dramatiq.set_broker(services.broker)


def run_workers(*, processes: int, threads: int, queues: Sequence[str] = ()) -> int:
    """Run worker processes until a signal; returns the exit code.

    Args:
        processes: how many.
        threads: of each.
        queues: only these; all without any.
    """
    words = [
        "rosterhold.workers.entry:start",
        "--processes",
        str(processes),
        "--threads",
        str(threads),
        "--worker-shutdown-timeout",
        str(STOP_WITHIN_MS),
        "--skip-logging",
    ]
    if queues:
        words += ["--queues", *queues]
    arguments: Namespace = make_argument_parser().parse_args(words)  # type: ignore[no-untyped-call]
    return int(main(arguments) or 0)  # type: ignore[no-untyped-call]
