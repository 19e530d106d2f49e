"""All processes of an installation, kept running as a service manager keeps them, and killed."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import psutil

from chaos import clocks
from chaos.commands import PROGRAM

RESTART_AFTER_S = 0.2
STOP_WITHIN_S = 60.0


class Service:
    """One command that is started again whenever it ended, whatever became of its children."""

    def __init__(
        self,
        words: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        clock_wrong_by_s: float = 0.0,
    ) -> None:
        self.name = words[0]
        self.starts = 0
        self.children: set[psutil.Process] = set()
        self._words = words
        self._folder = folder
        clock = clocks.environment(clock_wrong_by_s)
        self._environment = {**os.environ, **environment, **clock}
        self._log = (folder / f"{self.name}.log").open("ab")
        self.process = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        self.starts += 1
        return subprocess.Popen(
            [str(PROGRAM), *self._words],
            cwd=self._folder,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def keep(self) -> None:
        if self.process.poll() is not None:
            self.process = self._spawn()

    def living_children(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            found = psutil.Process(self.process.pid).children()
            self.children.update(found)
            return found
        return []

    def kill_child(self, rng: Random) -> None:
        children = self.living_children()
        if children:
            with contextlib.suppress(psutil.NoSuchProcess):
                rng.choice(children).kill()

    def kill(self) -> None:
        """Kill the parent alone: its children are nobody's from now on."""
        self.living_children()
        self.process.kill()

    def kill_group(self) -> None:
        self.living_children()
        self.end_group(signal.SIGKILL)

    def end_group(self, which: signal.Signals) -> None:
        # Each leads a session of its own, so this is it and its children and nobody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, which)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, within_s: float) -> int | None:
        """The exit code; None when it had to be killed."""
        try:
            return self.process.wait(max(within_s, 0.1))
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.end_group(signal.SIGKILL)
            self._log.close()


class Installation:
    """Keeps services running until it is told to stop."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.services = services
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="service manager", daemon=True)
        self._thread.start()

    @property
    def starts(self) -> dict[str, int]:
        found = dict.fromkeys((service.name for service in self.services), 0)
        for service in self.services:
            found[service.name] += service.starts
        return found

    def _supervise(self) -> None:
        while not self._over.wait(RESTART_AFTER_S):
            for service in self.services:
                service.keep()

    def orphans(self) -> list[int]:
        """Children that outlive their parent."""
        known = {child for service in self.services for child in service.children}
        kept = {child for service in self.services for child in service.living_children()}
        return [child.pid for child in known - kept if _lives(child)]

    def stop(self) -> tuple[float, dict[str, list[int | None]]]:
        """End all with SIGTERM; gives how many seconds it took, and the exit codes."""
        if self._over.is_set():
            return 0.0, {}
        self._over.set()
        self._thread.join()
        began = time.monotonic()
        for service in self.services:
            service.stop()
        codes: dict[str, list[int | None]] = {}
        for service in self.services:
            left = STOP_WITHIN_S - (time.monotonic() - began)
            codes.setdefault(service.name, []).append(service.wait(left))
        for pid in self.orphans():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return time.monotonic() - began, codes


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
