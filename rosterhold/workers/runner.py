"""The runner: takes one piece of work by its row, does it, and goes on with what follows."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bind_contextvars, reset_contextvars

from rosterhold.adapters import metrics
from rosterhold.adapters.database import claims, endings
from rosterhold.adapters.database.claims import Claim, ClaimLostError
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause, StaleSyncError
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.config.wiring import Services
from rosterhold.roster.store import SnapshotLostError
from rosterhold.statemachine.chart import SYNC_STEPS, Work
from rosterhold.workers.apply import apply
from rosterhold.workers.begin import begin
from rosterhold.workers.email import MAX_FAILURES as MOST_MAIL_FAILURES
from rosterhold.workers.email import email
from rosterhold.workers.evaluate import evaluate
from rosterhold.workers.events import events
from rosterhold.workers.fetch import fetch
from rosterhold.workers.remind import remind
from rosterhold.workers.resume import resume
from rosterhold.workers.step import WANTED_IN, Follow
from rosterhold.workers.under_way import UnderWay
from rosterhold.workers.webhook import webhook

# How long a worker goes on by itself before it leaves the next step to a message. Long enough for a
# large district: the message would wait behind the night's other syncs, and the roster with it.
INLINE_BUDGET_S: Final = 600.0
# What another try cannot mend.
FINAL_ERRORS: Final = (SnapshotLostError,)

Step = Callable[[Services, Claim, SyncRow], Follow]
Errand = Callable[[Services, Claim], Follow]

WORKERS_DIED: Final = (
    "the step was begun {times} times and never came to its end: its worker process died each "
    "time, or lost its database"
)

STEPS: Final[Mapping[Work, Step]] = {
    Work.FETCH: fetch,
    Work.EVALUATE: evaluate,
    Work.APPLY: apply,
    Work.RESUME: resume,
}
# What is no step of a sync: done whatever state that is in, and left for operators in the end.
ERRANDS: Final[Mapping[Work, Errand]] = {
    Work.EMAIL: email,
    Work.REMIND: remind,
    Work.WEBHOOK: webhook,
    Work.BEGIN: begin,
    Work.EVENTS: events,
}
MOST_FAILURES: Final[Mapping[Work, int]] = {
    Work.EMAIL: MOST_MAIL_FAILURES,
    Work.REMIND: MOST_MAIL_FAILURES,
    Work.EVENTS: MOST_MAIL_FAILURES,
}

log = structlog.get_logger(__name__)


class Runner:
    """Does work until it blocks; one for a process, used by all its threads.

    Args:
        services: what the steps work with.
        steps: what does each kind of work of a sync.
        under_way: what keeps the claims.
    """

    def __init__(
        self,
        services: Services,
        steps: Mapping[Work, Step] = STEPS,
        under_way: UnderWay | None = None,
    ) -> None:
        self._steps = steps
        self._services = services
        self._under_way = under_way or UnderWay(services.database)
        self._stopping = threading.Event()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, keeps no secret

    def stop(self) -> None:
        """Begin no further step: the process is about to end."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def work(self, work_id: int) -> None:
        """Do a piece of work and, while the time budget lasts, the steps that follow it.

        Ends quietly when the work is done, not due, or somebody else's; when the database is
        away, the sweep comes back to it.
        """
        until = time.monotonic() + INLINE_BUDGET_S
        try:
            claim = claims.claim(self._services.database, work_id, goes_on=time.monotonic() < until)
            if claim is not None and claim.deaths >= claims.MAX_DEATHS:
                self._end(claim, WORKERS_DIED.format(times=claim.attempts - 1))
                return
            while claim is not None:
                claim = self._next(claim, self._one(claim), until)
        except SQLAlchemyError as error:
            log.warning("the database is away; the sweep comes back", work_id=work_id, error=error)

    def _next(self, claim: Claim, follow: Follow, until: float) -> Claim | None:
        """The step to go on with, which goes on itself before `until`; else the bell is rung."""
        # The chart asks for one step at a time, or none. What an errand begins is left to others.
        goes_on = claim.goes_on and claim.work in SYNC_STEPS
        step = next((new for new in follow if goes_on and new.work in SYNC_STEPS), None)
        others = [new for new in follow if new is not step]
        if others:
            self._services.doorbell.ring(others)
        if step is None:
            return None
        following = claim.next_step(step, goes_on=time.monotonic() < until)
        if not self._stopping.is_set():
            return following
        self._hand_back(following)
        return None

    def _hand_back(self, claim: Claim) -> None:
        with self._services.database.transaction() as tx:
            claims.hand_back(tx, claim)
        self._services.doorbell.ring([Written(claim.work_id, claim.work, claim.queue)])

    def _one(self, claim: Claim) -> Follow:
        said_with = bind_contextvars(
            work=claim.work.value,
            work_id=claim.work_id,
            district=claim.district_id,
            sync=claim.sync_id,
        )
        try:
            with self._under_way.kept(claim):
                return self._do(claim)
        except (ClaimLostError, StaleSyncError):
            log.info("somebody else was first")
        except NewerVersionError as error:
            with self._services.database.transaction() as tx:
                claims.leave_for_newer(tx, claim, error)
        except Exception as error:  # noqa: BLE001 - the edge of a job: kept with the row
            self._failed(claim, error)
        finally:
            reset_contextvars(**said_with)
        return ()

    def _do(self, claim: Claim) -> Follow:
        step = self._step(claim)
        if step is None:
            self._drop(claim)
            return ()
        is_errand, traces = claim.work in ERRANDS, self._services.traces
        if not is_errand:
            log.debug("step begins", attempt=claim.attempts)
        began = time.monotonic()
        with nullcontext() if traces is None else traces.step(claim):
            follow = step()
        seconds = time.monotonic() - began
        self._services.meter.observe(metrics.STEP_SECONDS, claim.work.value, value=seconds)
        if not is_errand:
            log.info("step done", attempt=claim.attempts, seconds=round(seconds, 3))
        return follow

    def _step(self, claim: Claim) -> Callable[[], Follow] | None:
        """What the claimed work consists of, or None when it is not wanted any more."""
        if claim.work in ERRANDS:
            return partial(ERRANDS[claim.work], self._services, claim)
        sync = claim.sync
        if sync is None or sync.state is not WANTED_IN[claim.work]:
            return None
        return partial(self._steps[claim.work], self._services, claim, sync)

    def _drop(self, claim: Claim) -> None:
        """The sync went another way: this is not wanted any more."""
        log.info("no longer wanted")
        with self._services.database.transaction() as tx:
            claims.settle(tx, claim)

    def _failed(self, claim: Claim, error: Exception) -> None:
        """Put the work back for later, or end the sync as failed when that helps no more."""
        text = _words(error)[:500]
        failures = claim.failures + 1
        most = MOST_FAILURES.get(claim.work, claims.MAX_FAILURES)
        final = failures >= most or isinstance(error, FINAL_ERRORS)
        log.error("step failed", exc_info=error, attempt=claim.attempts, final=final)
        is_final = "true" if final else "false"
        self._services.meter.count(metrics.STEP_FAILURES, claim.work.value, is_final)
        if final:
            self._end(claim, text)
            return
        try:
            with self._services.database.transaction() as tx:
                due_at = claims.retry_at(tx.now, failures, self._jitter)
                claims.put_back(tx, claim, error=text, due_at=due_at)
        except ClaimLostError:
            log.info("somebody else was first")

    def _end(self, claim: Claim, text: str) -> None:
        """Another try helps no more: the sync fails, other work is left for an operator."""
        try:
            with self._services.database.transaction() as tx:
                endings.end(tx, claim, Cause(text))
                follow = tuple(tx.work)
            self._services.doorbell.ring(follow)
        except (ClaimLostError, StaleSyncError):
            log.info("somebody else was first")


def _words(error: Exception) -> str:
    if isinstance(error, SnapshotLostError):
        return f"a file of the snapshot store is lost, and nothing was applied: {error}"
    return f"{type(error).__name__}: {error}"
