"""A unit of processes: a parent that forks them, and starts a new one for each that ends.

The parent has no thread and no connection, and imports nothing that starts a thread: what it is
made of is whole in every process that it forks, at any time.
"""

import ctypes
import gc
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, NoReturn

import structlog

from rosterhold.workers.signals import Signals, held_back
from rosterhold.workers.slate import Slate

STOP: Final = (signal.SIGTERM, signal.SIGINT)
HEEDED: Final = (*STOP, signal.SIGHUP, signal.SIGCHLD)

# A process that did not live longer than this died of its start.
BRIEF_LIFE_S: Final = 2.0
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
# How often the parent looks while it waits for something that no signal announces.
LOOK_EVERY_S: Final = 0.05
PR_SET_PDEATHSIG: Final = 1

DONE: Final = 0
FAILED: Final = 1
BY_SIGNAL: Final = 128

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Child:
    pid: int
    slate: Slate
    born: float = field(default_factory=time.monotonic)
    told_to_stop: float | None = None


class Unit:
    """Keeps so many processes alive until it is told to stop.

    Args:
        work: what each of them does: it begins when the block is entered, and the block is left
            when the process has to stop, with `stop_within_s` to do so. It is given a slate of its
            own, and those of the dead whose place it takes.
        processes: how many.
        stop_within_s: what did not stop by then is killed.
    """

    def __init__(
        self,
        work: Callable[[Slate, Sequence[Slate]], AbstractContextManager[object]],
        *,
        processes: int,
        stop_within_s: int,
    ) -> None:
        self._work = work
        self._processes = processes
        self._stop_within_s = stop_within_s
        self._children: dict[int, _Child] = {}
        self._to_be_replaced: list[int] = []
        self._slates_of_the_dead: list[Slate] = []
        self._brief_lives = 0
        self._not_before = 0.0
        # Nothing is written to it: its end tells the children that the parent is gone.
        self._lifeline = os.pipe()

    def run(self) -> int:
        """Live until SIGTERM or SIGINT; SIGHUP replaces the processes one by one.

        Returns:
            The exit code: 0 after an orderly stop.
        """
        # What the parent has is not looked at again by its children, and so stays shared.
        gc.freeze()
        with Signals(*HEEDED) as signals:
            while True:
                self._fill(signals)
                came = signals.wait(LOOK_EVERY_S if self._awaits_something() else None)
                if any(number in STOP for number in came):
                    return self._stop(signals)
                if signal.SIGHUP in came:
                    self._to_be_replaced = list(self._children)
                    log.info("every worker process is replaced, one by one")
                self._reap()
                self._replace_next()
                self._kill_late()

    def _awaits_something(self) -> bool:
        return (
            len(self._children) < self._processes
            or bool(self._to_be_replaced)
            or any(child.told_to_stop is not None for child in self._children.values())
        )

    def _fill(self, signals: Signals) -> None:
        """Start what lacks; what is about to stop lacks already."""
        staying = sum(child.told_to_stop is None for child in self._children.values())
        try:
            if time.monotonic() >= self._not_before:
                for _ in range(self._processes - staying):
                    self._start(signals)
        except OSError as error:
            # The machine has no memory or no number left for a process.
            self._not_before = time.monotonic() + LONGEST_WAIT_S
            log.error("no worker process can be started now; tried again", error=str(error))  # noqa: TRY400 - no trace of ours helps

    def _start(self, signals: Signals) -> None:
        slate, left = Slate(), self._slates_of_the_dead
        # A signal between the fork and the child's own handlers would reach the parent's pipe.
        with held_back(HEEDED):
            pid = os.fork()
            if pid == 0:
                self._be_a_child(signals, lambda: self._work(slate, left))
        self._children[pid] = _Child(pid, slate)
        for known in left:
            known.close()
        self._slates_of_the_dead = []
        log.info("worker process started", pid=pid)

    def _reap(self) -> None:
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid != 0:
                del self._children[pid]
                code = os.waitstatus_to_exitcode(status)
                if code == DONE:
                    child.slate.close()
                else:
                    self._slates_of_the_dead.append(child.slate)
                self._note_the_end(child, code)

    def _note_the_end(self, child: _Child, code: int) -> None:
        lived = time.monotonic() - child.born
        how = {"signal": signal.Signals(-code).name} if code < 0 else {"code": code}
        if child.told_to_stop is not None:
            log.info("worker process stopped", pid=child.pid, **how)
            return
        self._brief_lives = self._brief_lives + 1 if lived < BRIEF_LIFE_S else 0
        wait = 0.0
        if self._brief_lives > 1:
            wait = min(FIRST_WAIT_S * 2 ** (self._brief_lives - 2), LONGEST_WAIT_S)
        self._not_before = time.monotonic() + wait
        log.error(
            "worker process died; another takes its place",
            pid=child.pid,
            lived_s=round(lived, 1),
            wait_s=wait,
            **how,
        )

    def _replace_next(self) -> None:
        """One at a time, and only while those that took a place live well."""
        now = time.monotonic()
        self._to_be_replaced = [pid for pid in self._to_be_replaced if pid in self._children]
        settled = len(self._children) == self._processes and all(
            child.told_to_stop is None and now - child.born >= BRIEF_LIFE_S
            for child in self._children.values()
        )
        if self._to_be_replaced and settled:
            self._tell_to_stop(self._children[self._to_be_replaced[0]])

    def _tell_to_stop(self, child: _Child) -> None:
        child.told_to_stop = child.told_to_stop or time.monotonic()
        os.kill(child.pid, signal.SIGTERM)

    def _kill_late(self) -> None:
        latest = time.monotonic() - self._stop_within_s
        for child in self._children.values():
            if child.told_to_stop is not None and child.told_to_stop <= latest:
                log.warning("worker process did not stop in time; it is killed", pid=child.pid)
                os.kill(child.pid, signal.SIGKILL)
                child.told_to_stop = math.inf

    def _stop(self, signals: Signals) -> int:
        log.info("the worker processes stop", processes=len(self._children))
        for child in self._children.values():
            self._tell_to_stop(child)
        code = DONE
        while self._children:
            again = [number for number in signals.wait(LOOK_EVERY_S) if number in STOP]
            if again:
                log.warning("told to stop again; the worker processes are killed")
                code = BY_SIGNAL + again[0]
                for child in self._children.values():
                    os.kill(child.pid, signal.SIGKILL)
            self._reap()
            self._kill_late()
        return code

    def _be_a_child(
        self, of_parent: Signals, work: Callable[[], AbstractContextManager[object]]
    ) -> NoReturn:
        """All that a child is; it never goes back to where its parent came from."""
        code = FAILED
        try:
            _die_with_parent()
            of_parent.close()
            lifeline, parents_end = self._lifeline
            os.close(parents_end)
            # Ctrl-C reaches every process of a terminal: what it means is for the parent to say.
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signals = Signals(signal.SIGTERM)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
            with work():
                came = signals.wait(also=lifeline)
                self._begin_to_stop(orphaned=signal.SIGTERM not in came)
            code = DONE
        except BaseException:
            log.exception("worker process failed")
        finally:
            logging.shutdown()
            sys.stdout.flush()
            # No way through what the parent would do at its own end, and none for threads that
            # are still at work to keep the process.
            os._exit(code)

    def _begin_to_stop(self, *, orphaned: bool) -> None:
        """From here on the kernel ends the process if it does not end by itself."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.alarm(self._stop_within_s)
        if orphaned:
            log.warning("the parent of this worker process is gone; it stops")


def _die_with_parent() -> None:
    """Let Linux tell when the parent is gone.

    The lifeline does so too, but not while a process that was frozen just after its fork still
    holds the parent's end of it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
