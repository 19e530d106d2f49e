"""A worker inside this process: the embedded default runs the same broker as production."""

from types import TracebackType
from typing import Final, Self

import dramatiq

from rosterhold.config.wiring import Services
from rosterhold.workers.actors import declare
from rosterhold.workers.runner import Runner
from rosterhold.workers.sweep import Hands, Sweep, SweepMiddleware

THREADS: Final = 4
STOP_WITHIN_MS: Final = 30_000


def equip(services: Services, *, role: str) -> None:
    """Give the broker of a process its actors and its sweep."""
    runner = Runner(services)
    declare(services.broker, runner)
    sweep = Sweep(services, runner, role=role, take=Hands(runner).take)
    services.broker.add_middleware(SweepMiddleware(sweep))


class WorkerPool:
    """Threads that do the work, for as long as the block lasts.

    A step that is under way when the block ends is finished, or taken over by the next worker.
    """

    def __init__(self, services: Services, *, threads: int = THREADS, role: str = "worker") -> None:
        equip(services, role=role)
        self._worker = dramatiq.Worker(services.broker, worker_threads=threads, worker_timeout=100)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stop(timeout=STOP_WITHIN_MS)
