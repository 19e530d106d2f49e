"""The dramatiq actors: one a kind of work, each hands a row's id to the runner."""

import dramatiq

from rosterhold.adapters.database.outbox import Queue
from rosterhold.statemachine.chart import Work
from rosterhold.workers.runner import Runner


def declare(broker: dramatiq.Broker, runner: Runner) -> None:
    """Make a process able to do every kind of work."""

    def look_at(work_id: int) -> None:
        runner.work(work_id)

    for work in Work:
        # A message names its queue itself.
        dramatiq.actor(broker=broker, actor_name=work.value, queue_name=Queue.URGENT)(look_at)
