"""How the processes of a unit are kept alive, replaced and ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

TESTS = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "doubles.a_unit")
PATIENCE_S = 60.0


def until(true: Callable[[], object], what: str) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE_S, f"{what}: not in {PATIENCE_S:g} s"
        time.sleep(0.02)


class RunningUnit:
    """A unit in processes of its own."""

    def __init__(self, folder: Path, processes: int, kind: str) -> None:
        self._folder = folder / "living"
        self._folder.mkdir()
        self._log = folder / "log"
        path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
        with self._log.open("wb") as log:
            self.parent = subprocess.Popen(
                [*COMMAND, str(self._folder), str(processes), kind],
                env={**os.environ, "PYTHONPATH": path},
                stderr=log,
            )

    def begun(self) -> set[int]:
        """Every process that ever began."""
        return {int(path.name) for path in self._folder.iterdir() if not path.suffix}

    def alive(self) -> set[int]:
        return {pid for pid in self.begun() if _lives(pid)}

    def stopped_in_order(self) -> set[int]:
        return self._ending_in(".stopped")

    def inherited(self) -> set[int]:
        """What the dead had noted, and others found."""
        return self._ending_in(".inherited")

    def _ending_in(self, suffix: str) -> set[int]:
        return {int(path.stem) for path in self._folder.glob(f"*{suffix}")}

    def said(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def tell(self, number: signal.Signals) -> None:
        self.parent.send_signal(number)

    def ends(self) -> int:
        return self.parent.wait(PATIENCE_S)

    def end(self) -> None:
        for pid in {self.parent.pid, *self.alive()}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.parent.wait()


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def a_unit(tmp_path: Path) -> Iterator[Callable[..., RunningUnit]]:
    started: list[RunningUnit] = []

    def start(processes: int = 2, kind: str = "none") -> RunningUnit:
        unit = RunningUnit(tmp_path, processes, kind)
        started.append(unit)
        if kind != "frail":
            until(lambda: len(unit.begun()) == processes, "all processes begin")
        return unit

    yield start
    for unit in started:
        unit.end()


def test_a_killed_process_is_replaced_and_its_sibling_lives_on(a_unit):
    unit = a_unit()
    killed, sibling = unit.begun()
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(unit.begun()) == 3, "another takes its place")
    assert unit.alive() == unit.begun() - {killed}
    assert sibling in unit.alive()
    assert unit.inherited() == {killed}
    [line] = [line for line in unit.said() if "died" in str(line["event"])]
    assert (line["pid"], line["signal"]) == (killed, "SIGKILL")


def test_a_process_that_ended_by_itself_is_replaced_too(a_unit):
    unit = a_unit()
    ended, sibling = unit.begun()
    os.kill(ended, signal.SIGTERM)
    until(lambda: len(unit.begun()) == 3 and len(unit.alive()) == 2, "another takes its place")
    assert unit.stopped_in_order() == {ended}
    assert sibling in unit.alive()


def test_processes_that_die_at_once_are_started_again_more_and_more_slowly(a_unit):
    unit = a_unit(processes=1, kind="frail")

    def waits() -> list[float]:
        return [float(str(line["wait_s"])) for line in unit.said() if "wait_s" in line]

    until(lambda: {0.1, 0.2, 0.4} <= set(waits()), "it is tried again")
    assert waits()[0] == 0.0
    assert unit.said()[1]["code"] == 7
    unit.tell(signal.SIGTERM)
    assert unit.ends() == 0


def test_a_machine_that_has_no_room_for_a_process_is_asked_again(a_unit):
    unit = a_unit(kind="crowded")
    assert len(unit.alive()) == 2
    assert "no worker process can be started" in str(unit.said()[0]["event"])
    unit.tell(signal.SIGTERM)
    assert unit.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_all_stop_in_order(a_unit, number):
    unit = a_unit()
    unit.tell(number)
    assert unit.ends() == 0
    assert unit.stopped_in_order() == unit.begun()


def test_a_signal_that_comes_while_the_processes_begin_is_heeded(a_unit, tmp_path):
    unit = RunningUnit(tmp_path, 4, "none")
    try:
        until(unit.begun, "the first begins")
        unit.tell(signal.SIGTERM)
        assert unit.ends() == 0
        assert unit.alive() == set()
    finally:
        unit.end()


def test_a_process_that_does_not_stop_is_killed(a_unit):
    unit = a_unit(kind="stubborn")
    unit.tell(signal.SIGTERM)
    assert unit.ends() == 0
    assert unit.alive() == unit.stopped_in_order() == set()


def test_a_second_signal_ends_all_at_once(a_unit):
    unit = a_unit()
    stuck = next(iter(unit.begun()))
    os.kill(stuck, signal.SIGSTOP)
    unit.tell(signal.SIGTERM)
    until(lambda: any("stop" in str(line["event"]) for line in unit.said()), "it is told")
    unit.tell(signal.SIGTERM)
    assert unit.ends() == 128 + signal.SIGTERM
    assert unit.alive() == set()


def test_without_their_parent_all_stop_in_order(a_unit):
    unit = a_unit(processes=3)
    unit.parent.kill()
    until(lambda: unit.stopped_in_order() == unit.begun(), "they notice")
    until(lambda: not unit.alive(), "they end")


def test_without_their_parent_even_those_that_do_not_stop_end(a_unit):
    unit = a_unit(kind="stubborn")
    unit.parent.kill()
    until(lambda: not unit.alive(), "the kernel ends them")


def test_a_process_that_was_frozen_when_its_parent_died_keeps_no_other_from_ending(a_unit):
    unit = a_unit()
    frozen, other = unit.begun()
    os.kill(frozen, signal.SIGSTOP)
    unit.parent.kill()
    until(lambda: not _lives(other), "the other one ends")
    os.kill(frozen, signal.SIGCONT)
    until(lambda: not _lives(frozen), "so does this one")


def test_every_process_is_replaced_and_never_are_all_away(a_unit):
    unit = a_unit()
    before = unit.begun()
    unit.tell(signal.SIGHUP)
    while before & unit.alive():
        assert unit.alive()
        time.sleep(0.02)
    until(lambda: len(unit.alive()) == 2, "new ones live")
    assert unit.stopped_in_order() == before
    assert unit.parent.poll() is None


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells threads there")
def test_the_parent_has_one_thread(a_unit):
    unit = a_unit()
    assert len(list(Path(f"/proc/{unit.parent.pid}/task").iterdir())) == 1
