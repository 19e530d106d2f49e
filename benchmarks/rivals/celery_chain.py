"""Celery without results: each step sends the message of the next one. Nothing is durable."""

import os
import sys
from typing import Any

from celery import Celery
from rivals.rows import STEPS, commit_one

app = Celery("rivals.celery_chain", broker=os.environ["BENCH_REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)


@app.task
def step(workflow: int, number: int) -> None:
    commit_one(workflow, number)
    if number < STEPS:
        step.delay(workflow, number + 1)


def enqueue(workflow: int) -> Any:
    return step.delay(workflow, 1)


def _worker(*words: str) -> list[str]:
    quiet = ("--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat")
    return [sys.executable, "-m", "celery", "-A", "rivals.celery_chain", "worker", *quiet, *words]


def prefork_workers(_count: int) -> list[list[str]]:
    return [_worker("--pool", "prefork", "--concurrency", "2")]


def thread_workers(_count: int) -> list[list[str]]:
    return [
        _worker("--pool", "threads", "--concurrency", "8", "--hostname", f"worker{number}@bench")
        for number in (1, 2)
    ]
