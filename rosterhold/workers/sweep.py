"""The sweep: in every worker process, finds work whose message was lost and rings again."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final

import dramatiq
import structlog
from dramatiq.middleware import Middleware
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database import meters, outbox, processes, waits
from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.config.wiring import Services
from rosterhold.workers.runner import Runner

SWEEP_EVERY_S: Final = 0.5
# So long a process waits at its start until others can see that it lives.
SEEN_WITHIN_S: Final = 5.0

log = structlog.get_logger(__name__)


class Sweep:
    """One thread of a worker process: says that the process lives, and re-sends lost messages.

    Args:
        services: what it looks at.
        runner: told when the process is about to end.
        role: what the process is called among those that live.
        take: what is done with a piece of work, by its id, while there is no queue.
        abandoned: told, in each round, of all that others left unfinished.
        queues: what it takes or is told of waits in these; in any without them.
    """

    def __init__(
        self,
        services: Services,
        runner: Runner,
        *,
        role: str,
        take: Callable[[int], None] | None = None,
        abandoned: Callable[[Sequence[int]], None] = lambda _: None,
        queues: Collection[str] = (),
    ) -> None:
        self._services = services
        self._runner = runner
        self._take = take or runner.work
        self._abandoned = abandoned
        self._queues = frozenset(queues or Queue)
        self._role = role
        self._counts_due = 0.0
        self._waits_due = 0.0
        self._stop = threading.Event()
        self._was_seen = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin; when it returns, others see that the process lives, or the database is away."""
        self._thread.start()
        self._was_seen.wait(SEEN_WITHIN_S)

    def stop(self) -> None:
        self._runner.stop()
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        process_id: str | None = None
        away = False
        while not self._stop.is_set():
            try:
                process_id = processes.beat(self._services.database, process_id, self._role)
                self._services.database.process_id = process_id
                self._was_seen.set()
                self.trust_no_lost_message()
                self.once()
                self._keep_counts()
                self._note_waits()
                if away:
                    log.info("the database is back")
                away = False
            except SQLAlchemyError as error:
                if not away:
                    log.warning("the database is away; the sweep waits", error=str(error))
                away = True
            except Exception:
                # Without its sweep a process is deaf: whatever it was, the next round may work.
                log.exception("the sweep failed; it goes on")
            self._was_seen.set()
            self._stop.wait(SWEEP_EVERY_S)
        if process_id is not None:
            try:
                self._keep_counts(at_once=True)
                processes.leave(self._services.database, process_id)
            except SQLAlchemyError as error:
                log.warning("the database is away; others will notice", error=str(error))

    def _keep_counts(self, *, at_once: bool = False) -> None:
        """Write what this process counted, now and then."""
        now = time.monotonic()
        if at_once or now >= self._counts_due:
            self._counts_due = now + meters.WRITE_EVERY_S
            meters.write(self._services.database, self._services.meter)

    def _note_waits(self) -> None:
        """Note how long the oldest work has waited, now and then."""
        now = time.monotonic()
        if now >= self._waits_due:
            self._waits_due = now + waits.NOTE_EVERY_S
            waits.note(self._services.database)

    def trust_no_lost_message(self) -> None:
        """If the queue was emptied, let every piece of work be sent for again at once."""
        if self._services.doorbell.was_emptied():
            with self._services.database.transaction() as tx:
                waiting = outbox.forget_messages(tx)
            # In this order: a process that dies in between leaves it to the next one.
            self._services.doorbell.remember()
            # One inside the process is so at each start.
            if self._services.settings.redis_url is not None:
                log.info("the queue was empty", sent_again=waiting)

    def once(self) -> int:
        """Ring for what nobody answered; without a queue, do it in this process.

        Returns:
            How many pieces of work were found.
        """
        database = self._services.database
        busy = self._services.doorbell.busy()
        with database.reading() as conn:
            now = database.now(conn)
            idle = outbox.idle(conn, now, busy=busy)
        self._abandoned(self._own(idle.abandoned))
        found = idle.unanswered
        if not found:
            return 0
        if self._services.doorbell.ring(found):
            with database.transaction() as tx:
                outbox.mark_sent(tx, [one.work_id for one in found], found_at=now)
        else:
            for work_id in self._own(found):
                self._take(work_id)
        return len(found)

    def _own(self, found: Iterable[Written]) -> list[int]:
        return [one.work_id for one in found if one.queue in self._queues]


class SweepMiddleware(Middleware):
    """Starts the sweep with the worker and ends it with it."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        del broker, worker
        self._sweep.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        del broker, worker
        self._sweep.stop()


# A process that was not seen for this long is taken for gone.
GONE_AFTER: Final = timedelta(seconds=10)


def somebody_works(services: Services) -> bool:
    """Whether a worker process is alive, by the database."""
    with services.database.reading() as conn:
        return processes.any_seen_since(conn, services.database.now(conn) - GONE_AFTER)
