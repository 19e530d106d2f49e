"""How many requests a token of the API may send in a minute, counted by all processes together.

The count is kept in Redis under the token's id. Without Redis nothing is counted and every request
is let through: the limit protects from a client gone wild, not from an attacker.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import redis
import structlog

WINDOW_S: Final = 60
# After Redis failed, it is let alone for so long.
REDIS_PAUSE_S: Final = 30.0
KEY_PREFIX: Final = "rosterhold:api:rate:"

_LOG: Final = structlog.get_logger(__name__)

# KEYS[1] the window · ARGV: its length in ms → requests in it with this one, ms until it ends.
_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a token may still send.

    Attributes:
        limit: requests in a whole window.
        remaining: requests left in this window, after this one.
        seconds_left: until the next window begins, 1 to WINDOW_S.
        is_spent: whether this request is one too many.
    """

    limit: int
    remaining: int
    seconds_left: int
    is_spent: bool


class RequestRate(Protocol):
    """Where a request of the API is counted."""

    def count(self, token_id: str) -> Allowance | None:
        """Count one request; None when nothing is counted."""
        ...


class RedisRequestRate:
    """The count that all processes share.

    Args:
        client: a redis-py client.
        limit: requests of a token in a minute.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, client: redis.Redis, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count: Any = client.register_script(_COUNT)
        self._limit = limit
        self._clock = clock
        self._redis_again_at = float("-inf")

    def count(self, token_id: str) -> Allowance | None:
        if self._clock() < self._redis_again_at:
            return None
        try:
            counted, left_ms = self._count(keys=[KEY_PREFIX + token_id], args=[WINDOW_S * 1000])
        except (redis.RedisError, OSError) as error:
            self._redis_again_at = self._clock() + REDIS_PAUSE_S
            _LOG.warning("request_rate.redis_unreachable", error=type(error).__name__)
            return None
        return Allowance(
            limit=self._limit,
            remaining=max(self._limit - int(counted), 0),
            seconds_left=min(max(-(-int(left_ms) // 1000), 1), WINDOW_S),
            is_spent=int(counted) > self._limit,
        )
