"""How a process takes the messages of one queue from Redis, and says which it has answered."""

import threading
from collections import deque
from typing import Any

import redis
from dramatiq import Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed


class LateAcks(_RedisConsumer):
    """dramatiq's consumer, which says of many messages at once that they were answered.

    It does so when it asks for the next ones, in one round trip: to say it of each by itself costs
    half of all that a message costs. Whoever dies before leaves messages that nobody needs any
    more, and whoever gets one of those finds its work done. And no step waits for a Redis that is
    away only to say that it ended.

    It asks for the next ones when half of those that it may take are answered, not for each one.

    Args:
        broker: whose queue it is.
        queue_name: the queue.
        prefetch: so many messages at most are taken and not answered.
        timeout: the longest wait from look to look, in milliseconds.
        answered: those to be told of, kept for the next consumer of this queue when this one fails.
    """

    def __init__(
        self,
        broker: RedisBroker,
        queue_name: str,
        prefetch: int,
        timeout: int,
        answered: deque[str],
    ) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        self._client = broker.client
        space, me = broker.namespace, broker.broker_id
        # As dramatiq's `dispatch.lua` names them.
        self._taken = f"{space}:__acks__.{me}.{queue_name}"
        self._messages = f"{space}:{queue_name}.msgs"
        self._answered = answered
        self._few = prefetch // 2
        self._are_few = threading.Event()

    def ack(self, message: Message[Any] | MessageProxy) -> None:
        """Keep it in mind."""
        self._answered.append(message.options["redis_message_id"])
        self.queued_message_ids.discard(message.message_id)
        self._look()

    def nack(self, message: Message[Any] | MessageProxy) -> None:
        """Say so at once: what failed is put aside."""
        super().nack(message)  # type: ignore[no-untyped-call]
        self._look()

    def __next__(self) -> MessageProxy | None:
        if not self.message_cache:
            are_few = self._wait()
            self._tell()
            if not are_few:
                return None
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        return message

    def close(self) -> None:
        """Tell of the last ones."""
        self._tell()

    def _look(self) -> None:
        if len(self.queued_message_ids) <= self._few:
            self._are_few.set()

    def _wait(self) -> bool:
        """Whether few of the messages that were taken are not answered, after a while at most."""
        self._are_few.clear()
        self._look()
        return self._are_few.wait(self.timeout / 1_000)

    def _tell(self) -> None:
        told = [self._answered.popleft() for _ in range(len(self._answered))]
        if not told:
            return
        pipeline = self._client.pipeline(transaction=False)
        pipeline.srem(self._taken, *told)
        pipeline.hdel(self._messages, *told)
        try:
            pipeline.execute()
        except redis.RedisError as error:
            self._answered.extendleft(told)
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
