"""The dramatiq actors: one a kind of work, each hands a row's id to the runner."""

import dramatiq

from rosterhold.adapters.database.outbox import QUEUES
from rosterhold.statemachine.chart import Work
from rosterhold.workers.runner import Runner


def declare(broker: dramatiq.Broker, runner: Runner) -> None:
    """Make a process able to do every kind of work."""

    def look_at(work_id: int) -> None:
        runner.work(work_id)

    for work in Work:
        dramatiq.actor(broker=broker, actor_name=work.value, queue_name=QUEUES[work])(look_at)
