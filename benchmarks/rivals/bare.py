"""The bare limit: as many commits of the same rows by as many threads, and no queue at all."""

import sys
import threading
from typing import Any

from rivals.rows import STEPS, commit_one

PROCESSES, THREADS = 2, 8


def enqueue(_workflow: int) -> Any:
    """Nobody has to be told."""


def workers(count: int) -> list[list[str]]:
    return [
        [sys.executable, "-m", "rivals.bare", str(number), str(count)]
        for number in range(PROCESSES)
    ]


def _commit(first: int, count: int) -> None:
    for workflow in range(first, count, PROCESSES * THREADS):
        for step in range(1, STEPS + 1):
            commit_one(workflow, step)


def main(process: int, count: int) -> None:
    threads = [
        threading.Thread(target=_commit, args=(process * THREADS + number, count))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
