"""The dramatiq actors: one a kind of work, each hands a row's id on."""

from collections.abc import Callable

import dramatiq

from rosterhold.adapters.database.outbox import Queue
from rosterhold.statemachine.chart import Work


def declare(broker: dramatiq.Broker, answer: Callable[[int], None]) -> None:
    """Make a process able to do every kind of work.

    Args:
        broker: where the messages come from.
        answer: does what a message asks for, by the row's id.
    """

    def look_at(work_id: int) -> None:
        answer(work_id)

    for work in Work:
        # A message names its queue itself.
        dramatiq.actor(broker=broker, actor_name=work.value, queue_name=Queue.URGENT)(look_at)
