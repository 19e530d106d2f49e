"""A worker inside this process: the embedded default runs the same broker as production."""

import time
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Final, Self

import dramatiq

from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import Work
from rosterhold.workers.actors import declare
from rosterhold.workers.hands import Abandoned, Hands
from rosterhold.workers.runner import STEPS, Runner, Step
from rosterhold.workers.slate import Slate
from rosterhold.workers.sweep import Sweep, SweepMiddleware
from rosterhold.workers.under_way import UnderWay

THREADS: Final = 4
FINISH_WITHIN_S: Final = 15.0
LOOK_EVERY_MS: Final = 100


class WorkerPool:
    """Threads that do the work, for as long as the block lasts.

    A step that is under way when the block ends is finished, or handed back when that takes longer
    than `FINISH_WITHIN_S`.

    Args:
        services: what the steps work with.
        threads: how many steps at a time.
        role: what the process is called among those that live.
        queues: only these; all without any.
        slate: where it is noted what is under way.
        steps: what does each kind of work of a sync.
    """

    def __init__(
        self,
        services: Services,
        *,
        threads: int = THREADS,
        role: str = "worker",
        queues: Collection[str] = (),
        slate: Slate | None = None,
        steps: Mapping[Work, Step] = STEPS,
    ) -> None:
        self._services = services
        self._under_way = UnderWay(services.database, slate)
        runner = Runner(services, steps, self._under_way)
        take = Hands(runner).take
        abandoned = Abandoned(runner, take, lambda: threads - self._under_way.count)
        declare(services.broker, abandoned.answer)
        sweep = Sweep(
            services,
            runner,
            role=role,
            take=take,
            abandoned=abandoned.found,
            queues=queues,
        )
        services.broker.add_middleware(SweepMiddleware(sweep))
        self._worker = dramatiq.Worker(
            services.broker,
            queues=set(queues) or None,
            worker_threads=threads,
            worker_timeout=LOOK_EVERY_MS,
        )

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        until = time.monotonic() + FINISH_WITHIN_S
        self._worker.stop(timeout=round(FINISH_WITHIN_S * 1000))
        # What was done without a queue is not dramatiq's to wait for.
        self._under_way.wait(until)
        self._under_way.hand_back(self._services)
