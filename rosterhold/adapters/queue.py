"""dramatiq over Redis: messages that say *look at this piece of work*, nothing more.

dramatiq's retries, delays, pipelines and priorities are not used: the outbox row owns all of that.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from dramatiq.middleware.retries import Retries
from dramatiq.middleware.time_limit import TimeLimit

from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.adapters.queue_consumer import LateAcks

# dramatiq finds a dead worker's messages only in passing; the sweep of the outbox does not wait
# for it, so these merely keep Redis tidy.
HEARTBEAT_TIMEOUT_MS: Final = 20_000
MAINTENANCE_CHANCE: Final = 200_000
SOCKET_TIMEOUT_S: Final = 10
# A last resort far above every time-out of our own.
STEP_LIMIT_MS: Final = 3_600_000
# How often a process with nothing to do looks at the queues for which nobody sits and waits. Each
# look at each of them costs as much as the one at the urgent queue.
LOOK_LATER_MS: Final = 400

# Gone with everything else when Redis is emptied or starts anew.
LIFE_KEY: Final = "rosterhold:queue:life"

log = structlog.get_logger(__name__)


def connect(redis_url: str | None) -> redis.Redis:
    """Redis, or one inside this process when no address is given. Nothing is sent yet."""
    if redis_url is None:
        # Only here, for it takes a tenth of a second that no process of production needs.
        from fakeredis import FakeRedis, FakeServer  # noqa: PLC0415 - as said

        inside: redis.Redis = FakeRedis(server=FakeServer())
        return inside
    return redis.Redis.from_url(
        redis_url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S
    )


class _Broker(RedisBroker):
    """Without the queues of delayed messages, of which we send none.

    Every process would ask for them as often as for the others.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)  # type: ignore[no-untyped-call]
        self._answered: defaultdict[str, deque[str]] = defaultdict(deque)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5_000) -> LateAcks:
        wait = timeout if queue_name == Queue.URGENT else max(timeout, LOOK_LATER_MS)
        return LateAcks(self, queue_name, prefetch, wait, self._answered[queue_name])

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)


def make_broker(client: redis.Redis) -> RedisBroker:
    """The broker with only the middleware that we use."""
    middleware: list[Middleware] = [TimeLimit(time_limit=STEP_LIMIT_MS), Retries(max_retries=0)]
    broker = _Broker(
        client=client,
        middleware=middleware,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )
    for queue in Queue:
        broker.declare_queue(queue)
    return broker


class DramatiqDoorbell:
    """Sends a message for each piece of work; a queue that is away costs only time."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker

    def ring(self, work: Iterable[Written]) -> bool:
        try:
            for written in work:
                self._broker.enqueue(message_for(written))
        except (dramatiq.errors.BrokerConnectionError, redis.RedisError) as error:
            log.warning("the queue is away; the sweep will send again", error=str(error))
            return False
        return True

    def busy(self) -> frozenset[str]:
        lengths = self.lengths() or {}
        return frozenset(queue for queue, length in lengths.items() if length)

    def lengths(self) -> Mapping[str, int] | None:
        try:
            pipeline = self._broker.client.pipeline(transaction=False)
            for queue in Queue:
                pipeline.llen(f"{self._broker.namespace}:{queue}")
            lengths = pipeline.execute()
        except redis.RedisError:
            return None
        return dict(zip((queue.value for queue in Queue), lengths, strict=True))

    def was_emptied(self) -> bool:
        try:
            return not self._broker.client.exists(LIFE_KEY)
        except redis.RedisError:
            return False

    def remember(self) -> None:
        try:
            self._broker.client.set(LIFE_KEY, 1)
        except redis.RedisError as error:
            log.warning("the queue is away; the sweep will send again", error=str(error))


def message_for(written: Written) -> "dramatiq.Message[Any]":
    return dramatiq.Message(
        queue_name=written.queue.value,
        actor_name=written.work.value,
        args=(written.work_id,),
        kwargs={},
        options={},
    )
