"""Messages that are lost, doubled, late, in another order, stale or simply wrong."""

import time
from random import Random
from threading import Thread

import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DramatiqError

from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.adapters.queue import message_for
from rosterhold.statemachine.chart import Work


class Meddler:
    """Puts messages into the queues and takes others out, behind everybody's back."""

    def __init__(self, broker: RedisBroker, client: redis.Redis) -> None:
        self._broker = broker
        self._client = client
        self._highest = 1
        self.sent = 0

    def learn(self, work_id: int) -> None:
        """Know of a piece of work, to forge messages about it."""
        self._highest = max(self._highest, work_id)

    def meddle(self, rng: Random) -> None:
        rng.choice((self._forge, self._forge, self._delay, self._shuffle))(rng)

    def _forge(self, rng: Random) -> None:
        """Doubled ones, some of work long done, some under another work's name."""
        for _ in range(rng.randint(1, 12)):
            recent = rng.random() < 0.6
            work_id = rng.randint(max(self._highest - 40, 1) if recent else 1, self._highest + 3)
            work = rng.choice(list(Work))
            for _ in range(rng.randint(1, 4)):
                try:
                    self._broker.enqueue(
                        message_for(Written(work_id, work, rng.choice(list(Queue))))
                    )
                    self.sent += 1
                except (DramatiqError, redis.RedisError):
                    return

    def _delay(self, rng: Random) -> None:
        """Take some out; most come back later and some never do."""
        queue = f"dramatiq:{rng.choice(list(Queue))}"
        taken = self._client.lpop(queue, rng.randint(1, 10)) or []

        def bring_back() -> None:
            time.sleep(rng.uniform(0.5, 6.0))
            try:
                for message in taken:
                    if rng.random() < 0.7:
                        self._client.rpush(queue, message)
            except redis.RedisError:
                return

        Thread(target=bring_back, daemon=True).start()

    def _shuffle(self, rng: Random) -> None:
        queue = f"dramatiq:{rng.choice(list(Queue))}"
        taken = self._client.lpop(queue, 50) or []
        rng.shuffle(taken)
        if taken:
            self._client.rpush(queue, *taken)
