"""The worker processes of a storm, under a supervisor that starts a dead parent again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import psutil

from chaos import clocks

RESTART_AFTER_S = 0.3
STOP_WITHIN_S = 75.0
# The second machine's clock is seven minutes ahead: leases and due times go by the database's.
CLOCKS_S = (0.0, 420.0)


class Crew:
    """So many parents, each with its worker processes, as a service manager would keep them.

    Args:
        folder: where they run and write their log.
        environment: settings of Rosterhold, and what `doomed` reads.
        far: what is different for the last unit, which is on a machine of its own.
        wrong_by_s: of each unit, by how many seconds its clock is wrong.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        far: Mapping[str, str],
        wrong_by_s: Sequence[float] = CLOCKS_S,
    ) -> None:
        self.log_path = folder / "workers.log"
        self._folder = folder
        near = {**os.environ, **environment}
        self._environments = [{**near, **clocks.environment(clock)} for clock in wrong_by_s]
        self._environments[-1].update(far)
        self._parents: list[subprocess.Popen[bytes]] = []
        self._log = self.log_path.open("ab")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self.restarts = 0

    def start(self) -> None:
        self._parents = [self._spawn(place) for place in range(len(self._environments))]
        self._thread.start()

    def _spawn(self, place: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "chaos.doomed"],
            cwd=self._folder,
            env=self._environments[place],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _supervise(self) -> None:
        while not self._over.wait(RESTART_AFTER_S):
            for place, parent in enumerate(self._parents):
                if parent.poll() is not None:
                    _kill_group(parent)
                    self.restarts += 1
                    self._parents[place] = self._spawn(place)

    def pids(self) -> list[int]:
        """The worker processes that are alive."""
        return sorted(pid for parent in self._parents for pid in _children(parent))

    def kill_one(self, rng: Random) -> int | None:
        pids = self.pids()
        if not pids:
            return None
        pid = rng.choice(pids)
        _signal(pid, signal.SIGKILL)
        return pid

    def freeze_unit(self, rng: Random, seconds: float) -> None:
        """Stop processes for longer than their leases, and let them go on as if nothing were."""
        pids = _children(rng.choice(self._parents))
        self.freeze(pids)
        time.sleep(seconds)
        self.thaw(pids)

    def freeze(self, pids: Sequence[int]) -> None:
        for pid in pids:
            _signal(pid, signal.SIGSTOP)

    def thaw(self, pids: Sequence[int]) -> None:
        for pid in pids:
            _signal(pid, signal.SIGCONT)

    def tell_their_threads(self) -> None:
        """Let every worker process write into the log what its threads are at; it ends them."""
        for pid in self.pids():
            _signal(pid, signal.SIGABRT)
        time.sleep(RESTART_AFTER_S)

    def add_a_unit(self) -> None:
        self._parents.append(self._spawn(0))

    def kill_unit(self, rng: Random) -> None:
        _kill_group(rng.choice(self._parents))

    def kill_the_first_unit_and_one_process_of_the_last(self) -> set[int]:
        """Gives the processes that live on."""
        first, *_, last = self._parents
        killed, *alive = _children(last)
        _kill_group(first)
        _signal(killed, signal.SIGKILL)
        return set(alive)

    def terminate_unit(self, rng: Random) -> None:
        _signal(rng.choice(self._parents).pid, signal.SIGTERM)

    def stop(self) -> float:
        """End all with SIGTERM; returns how many seconds the slowest took."""
        began = time.monotonic()
        if self._over.is_set():
            return 0.0
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        for parent in self._parents:
            _signal(parent.pid, signal.SIGTERM)
        for parent in self._parents:
            with contextlib.suppress(subprocess.TimeoutExpired):
                parent.wait(max(STOP_WITHIN_S - (time.monotonic() - began), 0.1))
            _kill_group(parent)
            parent.wait()
        self._log.close()
        return time.monotonic() - began

    def codes(self) -> list[int | None]:
        return [parent.returncode for parent in self._parents]


def _children(parent: subprocess.Popen[bytes]) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(parent.pid).children()]
    except psutil.Error:
        return []


def _kill_group(parent: subprocess.Popen[bytes]) -> None:
    # Each parent leads a session of its own, so this is it and its children and nobody else.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(parent.pid, signal.SIGKILL)


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)
