"""The broker: what its processes ask Redis for."""

from rosterhold.adapters import queue
from rosterhold.adapters.database.outbox import Queue


def test_a_process_asks_for_each_queue_and_for_none_of_delayed_messages():
    broker = queue.make_broker(queue.connect(None))
    assert broker.get_declared_queues() == set(Queue)
    assert broker.get_declared_delay_queues() == set()
