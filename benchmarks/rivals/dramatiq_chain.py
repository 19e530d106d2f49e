"""dramatiq as most use it: each step sends the message of the next one. Nothing is durable."""

import os
import sys
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from rivals.rows import STEPS, commit_one

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS_URL"]))


@dramatiq.actor
def step(workflow: int, number: int) -> None:
    commit_one(workflow, number)
    if number < STEPS:
        step.send(workflow, number + 1)


def enqueue(workflow: int) -> Any:
    return step.send(workflow, 1)


def workers(_count: int) -> list[list[str]]:
    words = ["rivals.dramatiq_chain", "--processes", "2", "--threads", "8"]
    return [[sys.executable, "-m", "dramatiq", *words]]
