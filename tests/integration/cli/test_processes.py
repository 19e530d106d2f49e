"""Commands beside the processes of an installation, and the demo as a whole."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Never

import pytest

from rosterhold.cli import follow

COMMAND = (sys.executable, "-c", "from rosterhold.cli.main import run; run()")
PATIENCE_S = 60


@contextmanager
def running(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process of its own, ended with it."""
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE_S)


def said_when_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def nobody_may_work(*_: object, **__: object) -> Never:
    raise AssertionError("the waiting command did the work itself")


@pytest.fixture
def others_work(monkeypatch) -> Callable[[], None]:
    """From now on a waiting command has to leave the work to others."""
    return lambda: monkeypatch.setattr(follow, "WorkerPool", nobody_may_work)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_beside_a_running_up_the_work_is_handed_over(rosterhold, district, others_work, free_port):
    with running("up", "--port", str(free_port)) as process:
        assert "Rosterhold runs" in said_when_ready(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/healthz") as answer:
            assert json.load(answer) == {"status": "ok"}
        others_work()
        said = rosterhold("sync", "start", district, "--wait", "--json")
    assert said.code == 0
    assert said.document["state"] == "completed"
    assert process.returncode == 0


def test_up_takes_over_what_was_only_started(rosterhold, district, others_work, free_port):
    started = rosterhold("sync", "start", district, "--json").document
    with running("up", "--port", str(free_port)) as process:
        said_when_ready(process)
        others_work()
        assert rosterhold("sync", "wait", started["id"]).code == 0


def test_a_port_that_is_taken_is_said_and_nothing_starts(rosterhold, district):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = rosterhold("web", "--port", str(listener.getsockname()[1]))
    assert said.is_one_line_error
    assert "cannot listen" in said.err


@pytest.mark.parametrize("command", ["up", "web", "worker", "scheduler"])
def test_processes_refuse_a_database_without_tables(rosterhold, monkeypatch, command):
    Path("empty.db").touch()
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", "sqlite:///empty.db")
    said = rosterhold(command)
    assert said.is_one_line_error
    assert "rosterhold init" in said.err


@pytest.mark.servers
def test_with_a_redis_workers_do_the_work(
    rosterhold, district, others_work, redis_url, monkeypatch
):
    monkeypatch.setenv("ROSTERHOLD_REDIS_URL", redis_url)
    others_work()
    with running("worker", "--processes", "1", "--threads", "2"):
        assert rosterhold("sync", "start", district, "--wait").code == 0


def test_the_demo_decides_by_itself_and_leaves_the_folder_to_look_at(tmp_path):
    environment = {key: value for key, value in os.environ.items() if "ROSTERHOLD" not in key}
    done = subprocess.run(
        [*COMMAND, "demo", "--auto", "--people", "400", "--seed", "7"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "is no longer shared",
        "Subject: Action needed: ",
        "/enter/",
        "Receipt",
    ):
        assert told in done.stdout
    assert (tmp_path / "var/demo/rosterhold.db").exists()
