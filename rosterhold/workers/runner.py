"""The runner: takes one piece of work by its row, does it, and goes on with what follows."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from rosterhold.adapters.database import claims, outbox
from rosterhold.adapters.database.claims import Claim, ClaimLostError
from rosterhold.adapters.database.transitions import (
    Cause,
    StaleSyncError,
    SyncRow,
    load,
    perform,
)
from rosterhold.config.wiring import Services
from rosterhold.roster.store import SnapshotLostError
from rosterhold.statemachine.chart import SyncEvent, Work
from rosterhold.workers.apply import apply
from rosterhold.workers.email import MAX_ATTEMPTS as MOST_MAIL_ATTEMPTS
from rosterhold.workers.email import email
from rosterhold.workers.evaluate import evaluate
from rosterhold.workers.fetch import fetch
from rosterhold.workers.lease import kept
from rosterhold.workers.resume import resume
from rosterhold.workers.step import WANTED_IN, Follow

# How long a worker goes on by itself before it leaves the next step to a message.
INLINE_BUDGET_S: Final = 5.0
# What another try cannot mend.
FINAL_ERRORS: Final = (SnapshotLostError,)

Step = Callable[[Services, Claim, SyncRow], Follow]

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

log = structlog.get_logger(__name__)


class Runner:
    """Does work until it blocks; one for a process, used by all its threads.

    Args:
        services: what the steps work with.
        steps: what does each kind of work of a sync.
    """

    def __init__(self, services: Services, steps: Mapping[Work, Step] = STEPS) -> None:
        self._steps = steps
        self._services = services
        self._stopping = threading.Event()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, keeps no secret

    def stop(self) -> None:
        """Begin no further step: the process is about to end."""
        self._stopping.set()

    def work(self, work_id: int) -> None:
        """Do a piece of work and, while the time budget lasts, the steps that follow it.

        Ends quietly when the work is done, not due, or somebody else's; when the database is
        away, the sweep comes back to it.
        """
        until = time.monotonic() + INLINE_BUDGET_S
        try:
            claim = claims.claim(self._services.database, work_id, goes_on=True)
            if claim is not None and claim.attempts > _most_attempts(claim.work):
                self._end(claim, WORKERS_DIED.format(times=claim.attempts - 1))
                return
            while claim is not None:
                claim = replace(claim, goes_on=time.monotonic() < until)
                claim = self._next(claim, self._one(claim))
        except SQLAlchemyError as error:
            log.warning("the database is away; the sweep comes back", work_id=work_id, error=error)

    def _next(self, claim: Claim, follow: Follow) -> Claim | None:
        """The step to go on with; for everything else the bell is rung."""
        steps = [row for row, name in follow if claim.goes_on and Work(name) in outbox.STEPS]
        self._services.doorbell.ring(pair for pair in follow if pair[0] not in steps)
        # The chart asks for one step at a time, or none.
        following = [claim.next_step(row, Work(name)) for row, name in follow if row in steps]
        if self._stopping.is_set():
            for step in following:
                self._hand_back(step)
            return None
        return following[0] if following else None

    def _hand_back(self, claim: Claim) -> None:
        with self._services.database.transaction() as tx:
            claims.hand_back(tx, claim)
        self._services.doorbell.ring([(claim.work_id, claim.work.value)])

    def _one(self, claim: Claim) -> Follow:
        with bound_contextvars(
            work=claim.work.value,
            work_id=claim.work_id,
            district=claim.district_id,
            sync=claim.sync_id,
        ):
            try:
                with kept(self._services.database, claim):
                    return self._do(claim)
            except (ClaimLostError, StaleSyncError):
                log.info("somebody else was first")
            except Exception as error:  # noqa: BLE001 - the edge of a job: kept with the row
                self._failed(claim, error)
        return ()

    def _do(self, claim: Claim) -> Follow:
        if claim.work is Work.EMAIL:
            return email(self._services, claim)
        sync = self._sync_of(claim)
        if sync is None:
            return ()
        with bound_contextvars(state=sync.state.value):
            log.info("step begins", attempt=claim.attempts)
            began = time.monotonic()
            follow = self._steps[claim.work](self._services, claim, sync)
            log.info("step done", seconds=round(time.monotonic() - began, 3))
            return follow

    def _sync_of(self, claim: Claim) -> SyncRow | None:
        """The sync, if it still wants this work; else the work is dropped."""
        with self._services.database.reading() as conn:
            sync = load(conn, claim.sync_id or "")
        if sync is not None and sync.state is WANTED_IN[claim.work]:
            return sync
        log.info("no longer wanted")
        with self._services.database.transaction() as tx:
            claims.settle(tx, claim)
        return None

    def _failed(self, claim: Claim, error: Exception) -> None:
        """Put the work back for later, or end the sync as failed when that helps no more."""
        text = _words(error)[:500]
        final = claim.attempts >= _most_attempts(claim.work) or isinstance(error, FINAL_ERRORS)
        log.error("step failed", exc_info=error, attempt=claim.attempts, final=final)
        if final:
            self._end(claim, text)
            return
        try:
            with self._services.database.transaction() as tx:
                due_at = claims.retry_at(tx.now, claim.attempts, self._jitter)
                claims.put_back(tx, claim, error=text, due_at=due_at)
        except ClaimLostError:
            log.info("somebody else was first")

    def _end(self, claim: Claim, text: str) -> None:
        """Another try helps no more: the sync fails, other work is left for an operator."""
        try:
            with self._services.database.transaction() as tx:
                sync = load(tx.conn, claim.sync_id or "")
                if sync is None or claim.work is Work.EMAIL or sync.state.is_final:
                    claims.give_up(tx, claim, error=text)
                    return
                claims.settle(tx, claim)
                perform(tx, sync, SyncEvent.FAIL, Cause(text), {"failure": text})
        except (ClaimLostError, StaleSyncError):
            log.info("somebody else was first")


def _most_attempts(work: Work) -> int:
    return MOST_MAIL_ATTEMPTS if work is Work.EMAIL else claims.MAX_ATTEMPTS


def _words(error: Exception) -> str:
    if isinstance(error, SnapshotLostError):
        return f"a file of the snapshot store is lost, and nothing was applied: {error}"
    return f"{type(error).__name__}: {error}"
