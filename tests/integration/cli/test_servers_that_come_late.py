"""Processes that start before their servers are there."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from queue import Empty, Queue
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from doubles.late_server import LateServer

COMMAND = (sys.executable, "-c", "from rosterhold.cli.main import run; run()")
COMMANDS = ("worker", "scheduler", "web --port 0", "up --port 0")
PATIENCE_S = 120


class Process:
    """A command in a process of its own, and what it says."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True)
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stderr:
            self._lines.put(line)

    def says(self, words: str) -> None:
        """Wait until it says this; what it said before is forgotten."""
        said = []
        while True:
            try:
                said.append(self._lines.get(timeout=PATIENCE_S))
            except Empty:
                pytest.fail(f"{words!r} was not said, but {said}")
            if words in said[-1]:
                return

    def ends(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def process() -> Iterator[type[Process]]:
    started: list[Process] = []

    def start(*words: str) -> Process:
        started.append(Process(*words))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def late_postgres(rosterhold, postgres_url, monkeypatch) -> Iterator[LateServer]:
    """A PostgreSQL that has its tables and is away."""
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", postgres_url)
    assert rosterhold("init").code == 0
    url = sa.make_url(postgres_url)
    folder = url.query.get("host")
    if folder is not None:
        server = LateServer(socket.AF_UNIX, f"{folder}/.s.PGSQL.{url.port or 5432}")
    else:
        server = LateServer(socket.AF_INET, (url.host, url.port or 5432))
    late = url.set(host="127.0.0.1", port=server.port).difference_update_query(["host"])
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", late.render_as_string(hide_password=False))
    yield server
    server.goes()


@pytest.mark.servers
@pytest.mark.parametrize("command", COMMANDS)
def test_a_process_waits_for_its_database_and_says_so(late_postgres, process, command):
    waiting = process(*command.split())
    waiting.says("the database is away; waiting for it")
    late_postgres.comes()
    waiting.says("the database is there")
    if command == "worker":
        waiting.says("worker process started")
    if "--port" in command:
        waiting.says("the pages are at")
    assert waiting.ends() == 0


@pytest.mark.servers
@pytest.mark.parametrize("command", COMMANDS)
def test_a_process_that_waits_is_ended_by_a_signal(late_postgres, process, command):
    waiting = process(*command.split())
    waiting.says("the database is away; waiting for it")
    assert waiting.ends() == 0


@pytest.mark.servers
def test_work_is_done_before_redis_is_there_and_after(
    rosterhold, district, process, redis_url, monkeypatch
):
    address = urlsplit(redis_url)
    late_redis = LateServer(socket.AF_INET, (address.hostname, address.port))
    late = redis_url.replace(f"{address.hostname}:{address.port}", f"127.0.0.1:{late_redis.port}")
    monkeypatch.setenv("ROSTERHOLD_REDIS_URL", late)
    worker = process("worker")
    worker.says("worker process started")
    assert rosterhold("sync", "start", district, "--wait").code == 0
    late_redis.comes()
    worker.says("the queue was empty")
    assert rosterhold("sync", "start", district, "--wait").code == 0
    assert worker.ends() == 0
    late_redis.goes()
