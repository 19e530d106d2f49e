"""One contestant: all workflows enqueued, then its workers, and the rate of the middle 90 %.

    BENCH_DATABASE_URL=… BENCH_REDIS_URL=… python -m rivals.contest NAME WORKFLOWS

Prints one JSON document. The database is empty, and so is Redis.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Final

import psycopg
from rivals.rows import DATABASE_URL, STEPS, make_table

# Name → module, the function that says its workers' commands, and its package.
CONTESTANTS: Final = {
    "bare": ("rivals.bare", "workers", "psycopg"),
    "dramatiq-inline": ("rivals.dramatiq_inline", "workers", "dramatiq"),
    "dramatiq": ("rivals.dramatiq_chain", "workers", "dramatiq"),
    "celery-prefork": ("rivals.celery_chain", "prefork_workers", "celery"),
    "celery-threads": ("rivals.celery_chain", "thread_workers", "celery"),
    "dbos": ("rivals.dbos_queue", "workers", "dbos"),
}
STANDS_STILL_AFTER_S: Final = 60.0


@contextmanager
def working(commands: list[list[str]]) -> Iterator[None]:
    """Worker processes, each the leader of a session, so that its children end with it."""
    running = [
        subprocess.Popen(command, start_new_session=True, stdout=sys.stderr) for command in commands
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for_all(count: int) -> None:
    """Until every step of every workflow has its row."""
    seen, since = -1, time.monotonic()
    with psycopg.connect(DATABASE_URL, autocommit=True) as conn:
        while seen < count * STEPS:
            found = _first(conn, "SELECT count(*) FROM done")
            if found > seen:
                seen, since = found, time.monotonic()
            elif time.monotonic() - since > STANDS_STILL_AFTER_S:
                raise SystemExit(f"stands still at {seen} of {count * STEPS} steps")
            time.sleep(0.2)


def middle_rate(count: int) -> float:
    """Workflows a second: the rows of the middle 90 %, a quarter of them."""
    rows = count * STEPS
    low, high = int(rows * 0.05), int(rows * 0.95)
    at = "SELECT at FROM done ORDER BY at OFFSET {} LIMIT 1"
    with psycopg.connect(DATABASE_URL) as conn:
        took = _first(conn, at.format(high)) - _first(conn, at.format(low))
    return float((high - low) / STEPS / took.total_seconds())


def _first(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query).fetchone()
    return row[0] if row else None


def main(name: str, count: int) -> None:
    module_name, workers, package = CONTESTANTS[name]
    module = importlib.import_module(module_name)
    make_table()
    if hasattr(module, "prepare"):
        module.prepare()
    began = time.perf_counter()
    for workflow in range(count):
        module.enqueue(workflow)
    enqueued_in = time.perf_counter() - began
    with working(getattr(module, workers)(count)):
        wait_for_all(count)
    answer = {
        "package": f"{package} {version(package)}",
        "workflows_per_second": middle_rate(count),
        "enqueued_per_second": None if name == "bare" else count / enqueued_in,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
