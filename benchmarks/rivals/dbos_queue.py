"""DBOS: a workflow of four steps on a queue. Durable, with PostgreSQL alone.

The default of one poll a second is slow here; a poll each twentieth of a second and 50 workflows at
a time in each process were its best settings on the machine that this was written on.
"""

import os
import signal
import sys
from typing import Any, Final

from dbos import DBOS, DBOSConfig
from rivals.rows import DATABASE_URL, STEPS, commit_one

QUEUE: Final = "bench"
POLL_S: Final = float(os.environ.get("BENCH_DBOS_POLL_S", "0.05"))
AT_A_TIME: Final = int(os.environ.get("BENCH_DBOS_AT_A_TIME", "50"))


def _launch(name: str, *, takes: list[str]) -> None:
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": DATABASE_URL,
        "executor_id": name,
        "application_version": "1",
        "log_level": "ERROR",
    }
    DBOS(config=config)
    DBOS.listen_queues(takes)
    DBOS.launch()


@DBOS.step()
def step(workflow: int, number: int) -> None:
    commit_one(workflow, number)


@DBOS.workflow()
def four_steps(workflow: int) -> None:
    for number in range(1, STEPS + 1):
        step(workflow, number)


def prepare() -> None:
    _launch("sender", takes=[])
    DBOS.register_queue(QUEUE, worker_concurrency=AT_A_TIME, polling_interval_sec=POLL_S)


def enqueue(workflow: int) -> Any:
    return DBOS.enqueue_workflow(QUEUE, four_steps, workflow)


def workers(_count: int) -> list[list[str]]:
    return [[sys.executable, "-m", "rivals.dbos_queue", f"worker{number}"] for number in (1, 2)]


def work(name: str) -> None:
    _launch(name, takes=[QUEUE])
    signal.sigwait({signal.SIGTERM})
    DBOS.destroy()


if __name__ == "__main__":
    # Workflows go by the name of their module: this one as others import it.
    from rivals import dbos_queue

    dbos_queue.work(sys.argv[1])
