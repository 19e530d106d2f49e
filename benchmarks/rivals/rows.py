"""What every contestant's step does: commit one row."""

import os
import queue
import threading
from typing import Final

import psycopg

STEPS: Final = 4
DATABASE_URL: Final = os.environ["BENCH_DATABASE_URL"]
# Connections of a process, at most: PostgreSQL takes a hundred, and engines have their own.
MOST_CONNECTIONS: Final = 20

_free: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue()
_may_commit = threading.BoundedSemaphore(MOST_CONNECTIONS)


def make_table() -> None:
    with psycopg.connect(DATABASE_URL) as conn:
        conn.execute(
            "CREATE TABLE done (workflow integer, step integer, "
            "at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (workflow, step))"
        )


def commit_one(workflow: int, step: int) -> None:
    """One statement on a connection that is free: outside of a transaction it is its own."""
    with _may_commit:
        try:
            conn = _free.get_nowait()
        except queue.Empty:
            conn = psycopg.connect(DATABASE_URL, autocommit=True)
        conn.execute(
            "INSERT INTO done (workflow, step) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (workflow, step),
        )
        _free.put(conn)
