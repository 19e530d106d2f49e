"""The broker: what its processes ask Redis for, and what is left there."""

import threading

import pytest
import redis
from dramatiq.errors import ConnectionClosed

from rosterhold.adapters import queue
from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.statemachine.chart import Work


@pytest.fixture
def broker(redis_client):
    return queue.make_broker(redis_client)


def send(broker, count):
    for work_id in range(1, count + 1):
        broker.enqueue(queue.message_for(Written(work_id, Work.FETCH, Queue.URGENT)))


def take(consumer, count):
    return [next(consumer) for _ in range(count)]


def kept(client):
    """How many messages Redis holds, waiting or taken."""
    return client.hlen("dramatiq:urgent.msgs")


def untold(client):
    """How many Redis takes for not answered."""
    return sum(client.scard(key) for key in client.scan_iter("dramatiq:__acks__.*"))


def test_a_process_asks_for_each_queue_and_for_none_of_delayed_messages(broker):
    assert broker.get_declared_queues() == set(Queue)
    assert broker.get_declared_delay_queues() == set()


def test_it_looks_at_the_urgent_queue_more_often_than_at_the_others(broker):
    waits = {name: broker.consume(name, timeout=100).timeout for name in Queue}
    assert waits.pop(Queue.URGENT) == 100
    assert set(waits.values()) == {queue.LOOK_LATER_MS}


def test_answered_messages_are_gone_when_the_next_ones_are_taken(broker, redis_client):
    send(broker, 3)
    consumer = broker.consume(Queue.URGENT, prefetch=2, timeout=1)
    for message in take(consumer, 2):
        consumer.ack(message)
    assert (kept(redis_client), untold(redis_client)) == (3, 2)
    assert next(consumer).args == (3,)
    assert (kept(redis_client), untold(redis_client)) == (1, 1)


def test_the_last_ones_are_told_of_when_there_are_no_others(broker, redis_client):
    send(broker, 2)
    consumer = broker.consume(Queue.URGENT, prefetch=2, timeout=1)
    for message in take(consumer, 2):
        consumer.ack(message)
    assert next(consumer) is None
    assert (kept(redis_client), untold(redis_client)) == (0, 0)


def test_a_consumer_that_closes_tells_of_the_last_ones(broker, redis_client):
    send(broker, 2)
    consumer = broker.consume(Queue.URGENT, prefetch=2, timeout=1)
    answered, unanswered = take(consumer, 2)
    consumer.ack(answered)
    consumer.close()
    consumer.requeue([unanswered])
    assert redis_client.llen("dramatiq:urgent") == 1
    assert (kept(redis_client), untold(redis_client)) == (1, 0)


def test_an_answer_that_redis_did_not_hear_is_told_by_the_next_consumer(broker, redis_client):
    send(broker, 1)
    consumer = broker.consume(Queue.URGENT, prefetch=1, timeout=1)
    consumer.ack(next(consumer))
    with Away(broker), pytest.raises(ConnectionClosed):
        next(consumer)
    assert (kept(redis_client), untold(redis_client)) == (1, 1)
    assert next(broker.consume(Queue.URGENT, prefetch=1, timeout=1)) is None
    assert (kept(redis_client), untold(redis_client)) == (0, 0)


def test_the_next_ones_are_asked_for_when_half_of_the_last_ones_are_answered(broker, redis_client):
    send(broker, 10)
    consumer = broker.consume(Queue.URGENT, prefetch=4, timeout=1)
    first = take(consumer, 4)
    consumer.ack(first[0])
    assert next(consumer) is None
    consumer.nack(first[1])
    assert [message.args for message in take(consumer, 2)] == [(5,), (6,)]


def test_what_was_answered_is_told_while_others_take_long(broker, redis_client):
    send(broker, 4)
    consumer = broker.consume(Queue.URGENT, prefetch=4, timeout=1)
    consumer.ack(take(consumer, 4)[0])
    assert next(consumer) is None
    assert (kept(redis_client), untold(redis_client)) == (3, 3)


def test_an_answer_wakes_who_waits_to_ask_for_the_next_ones(broker):
    send(broker, 3)
    consumer = broker.consume(Queue.URGENT, prefetch=2, timeout=60_000)
    first = take(consumer, 2)
    answer = threading.Timer(0.05, lambda: [consumer.ack(message) for message in first])
    answer.start()
    assert next(consumer).args == (3,)


class Away:
    """While the block lasts, no connection to Redis comes about."""

    def __init__(self, broker):
        self._pool = broker.client.connection_pool

    def __enter__(self):
        self._pool.disconnect()
        self._get = self._pool.get_connection
        self._pool.get_connection = self._refuse

    def __exit__(self, *_):
        self._pool.get_connection = self._get

    def _refuse(self, *_, **__):
        raise redis.ConnectionError("Redis is away")
