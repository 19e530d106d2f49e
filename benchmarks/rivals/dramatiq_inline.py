"""The bare model of how ours works: one message drives all steps, each committed; nothing else.

No claim, no state, no history, no lease, no following work: what a loop of commits behind a message
comes to, and so the most that a durable engine of this shape could.
"""

import os
import sys
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from rivals.rows import STEPS, commit_one

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS_URL"]))


@dramatiq.actor
def workflow_steps(workflow: int) -> None:
    for number in range(1, STEPS + 1):
        commit_one(workflow, number)


def enqueue(workflow: int) -> Any:
    return workflow_steps.send(workflow)


def workers(_count: int) -> list[list[str]]:
    words = ["rivals.dramatiq_inline", "--processes", "2", "--threads", "8"]
    return [[sys.executable, "-m", "dramatiq", *words]]
