"""The entry of production's worker processes: a parent, and processes that it forks."""

import gc
import importlib
import os
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rosterhold.config.logging import configure
from rosterhold.config.settings import Settings, load
from rosterhold.config.wiring import build
from rosterhold.workers.slate import Slate
from rosterhold.workers.unit import Unit

# The supervisor has to give more. What a process hands back, it hands back before that; what a
# killed one was at is freed by whoever takes its place.
STOP_WITHIN_MS: Final = 20_000

# What every worker process needs, imported once for all of them before they are forked. Nothing
# that needs Polars: importing that starts threads, which do not live on in a forked process.
PRELOADED: Final = (
    "rosterhold.adapters.clever.client",
    "rosterhold.adapters.database.feed",
    "rosterhold.adapters.database.roster_tables",
    "rosterhold.adapters.database.views",
    "rosterhold.adapters.database.waits",
    "rosterhold.adapters.queue",
    "rosterhold.adapters.tickets",
    "rosterhold.workers.begin",
    "rosterhold.workers.remind",
    "rosterhold.workers.resume",
    "rosterhold.workers.under_way",
    "rosterhold.workers.webhook",
    "jinja2",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
)

# How many threads Polars computes with, read when it is imported. By itself it takes one for each
# core in every process: with as many processes as cores, these only get in each other's way. A
# small district's sync took a tenth to a fifth less CPU with one thread than with two.
CORES_OF_POLARS: Final = "POLARS_MAX_THREADS"


def run_workers(
    *, processes: int, threads: int, queues: Sequence[str] = (), config: Path | None = None
) -> int:
    """Run worker processes until a signal; returns the exit code.

    Args:
        processes: how many.
        threads: of each.
        queues: only these; all without any.
        config: a TOML file of settings.
    """
    settings = load(os.environ, config)
    configure(settings.log_format, for_good=True)
    share_the_cores(os.environ, cores=_cores(), processes=processes)
    for name in PRELOADED:
        importlib.import_module(name)
    unit = Unit(
        lambda slate, left: _working(settings, threads, queues, slate, left),
        processes=processes,
        stop_within_s=STOP_WITHIN_MS // 1000,
    )
    return unit.run()


def share_the_cores(environment: MutableMapping[str, str], *, cores: int, processes: int) -> None:
    """Let each process compute with its share, unless the operator has said with how many."""
    environment.setdefault(CORES_OF_POLARS, str(max(1, cores // processes)))


def _cores() -> int:
    # Those that this process may use, which may be fewer than the machine has.
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


@contextmanager
def _working(
    settings: Settings, threads: int, queues: Sequence[str], slate: Slate, left: Sequence[Slate]
) -> Iterator[None]:
    """One worker process."""
    # What a process is made of stays: the collector need not look at it, neither now nor later.
    gc.disable()
    # Only after the fork, for it needs Polars.
    from rosterhold.workers.pool import WorkerPool  # noqa: PLC0415 - as said
    from rosterhold.workers.under_way import free_what_the_dead_left  # noqa: PLC0415 - as said

    services = build(settings).make()
    gc.freeze()
    gc.enable()
    try:
        free_what_the_dead_left(services, left)
        with WorkerPool(services, threads=threads, queues=queues, slate=slate):
            # Begins the watch over steps without end.
            services.broker.emit_after("process_boot")
            yield
    finally:
        services.close()
