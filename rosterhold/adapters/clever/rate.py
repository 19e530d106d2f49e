"""Clever's rate limit, obeyed by all worker processes together.

Clever counts requests for each token in windows of 60 s that begin with a token's first request,
and says in every answer how many are left and when the window ends ("Pagination and Response
Limits"). A *window* here is a number of permits that expires with it. It is kept in Redis under
the SHA-256 of the token; without Redis each process goes on with a window of its own.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import redis
import structlog

REQUESTS_PER_WINDOW: Final = 1_200
WINDOW_S: Final = 60.0
# A window is never longer; allows for a clock that is a few seconds off.
MAX_WAIT_S: Final = 65.0
# Requests left to whoever else uses the token, and to those on their way that an answer could not
# count yet; never more than half of a limit.
RESERVE: Final = 24
# After Redis failed, it is let alone for so long.
REDIS_PAUSE_S: Final = 30.0
KEY_PREFIX: Final = "rosterhold:clever:rate:"

_LOG: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """What an answer says about the window it was counted in.

    Attributes:
        remaining: requests left, as Clever counts.
        limit: requests in a whole window.
        reset: when it ends, Unix seconds by Clever's clock; tells windows apart.
        seconds_left: until it ends, 0 to MAX_WAIT_S; no clock of ours is in it when the answer
            has a Date.
    """

    remaining: int
    limit: int
    reset: int
    seconds_left: float

    @property
    def permits(self) -> int:
        return max(self.remaining - min(RESERVE, self.limit // 2), 0)


def window_of(headers: Mapping[str, str], *, now: float) -> Window | None:
    """Read `X-Ratelimit-*`, None when they say nothing usable.

    Several buckets in one header ("200, 1200") count at once, so the one with the fewest requests
    left is taken.

    Args:
        headers: of an answer, names in lower case.
        now: Unix seconds, used where the answer has no Date.
    """
    remaining = _numbers(headers.get("x-ratelimit-remaining", ""))
    resets = _numbers(headers.get("x-ratelimit-reset", ""))
    if not remaining or not resets:
        return None
    limits = _numbers(headers.get("x-ratelimit-limit", "")) or [REQUESTS_PER_WINDOW]
    tightest = min(range(len(remaining)), key=remaining.__getitem__)
    reset = resets[min(tightest, len(resets) - 1)]
    answered_at = _date(headers.get("date", ""))
    seconds_left = reset - (now if answered_at is None else answered_at.timestamp())
    return Window(
        max(remaining[tightest], 0),
        max(limits[min(tightest, len(limits) - 1)], 1),
        reset,
        min(max(seconds_left, 0.0), MAX_WAIT_S),
    )


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    return [int(part) for part in parts if part.isascii() and part.isdigit()]


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


class RateGate(Protocol):
    """Where a request asks for a permit first, and reports afterwards what it was told."""

    def take(self, token: str) -> float:
        """Seconds to wait before asking again; 0 means that a permit was taken."""
        ...

    def learn(self, token: str, window: Window) -> None: ...


@dataclass(slots=True)
class _Own:
    left: int
    ends_at: float
    reset: int


class MemoryRateGate:
    """The gate of a single process.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, _Own] = {}

    def take(self, token: str) -> float:
        now = self._clock()
        window = self._windows.get(token)
        if window is None or window.ends_at <= now:
            self._forget_ended(now)
            window = self._windows[token] = _Own(_first_permits(), now + WINDOW_S, 0)
        if window.left > 0:
            window.left -= 1
            return 0.0
        return min(window.ends_at - now, MAX_WAIT_S)

    def learn(self, token: str, window: Window) -> None:
        now = self._clock()
        own = self._windows.get(token)
        left = window.permits
        if own is not None and own.ends_at > now:
            if own.reset > window.reset:
                return
            # Permits of this window are in use that Clever has not counted yet.
            left = min(left, own.left) if own.reset in {0, window.reset} else left
        self._windows[token] = _Own(left, now + window.seconds_left, window.reset)

    def _forget_ended(self, now: float) -> None:
        self._windows = {
            token: window for token, window in self._windows.items() if window.ends_at > now
        }


def _first_permits() -> int:
    return REQUESTS_PER_WINDOW - RESERVE


# KEYS[1] the window · ARGV: permits of a new window, its length in ms → ms to wait, 0 = taken.
_TAKE: Final = """
local left = redis.call('HGET', KEYS[1], 'left')
if not left then
  redis.call('HSET', KEYS[1], 'left', ARGV[1] - 1, 'reset', 0)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
if tonumber(left) > 0 then
  redis.call('HINCRBY', KEYS[1], 'left', -1)
  return 0
end
local wait = redis.call('PTTL', KEYS[1])
if wait < 0 then
  redis.call('DEL', KEYS[1])
end
return math.max(wait, 1)
"""

# KEYS[1] the window · ARGV: permits left, ms left, reset. As MemoryRateGate.learn.
_LEARN: Final = """
local left = tonumber(ARGV[1])
local own = redis.call('HMGET', KEYS[1], 'left', 'reset')
if own[1] then
  local reset = tonumber(own[2])
  if reset > tonumber(ARGV[3]) then
    return 0
  end
  if reset == 0 or reset == tonumber(ARGV[3]) then
    left = math.min(left, tonumber(own[1]))
  end
end
redis.call('HSET', KEYS[1], 'left', left, 'reset', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


class RedisRateGate:
    """The gate that all processes share; a window lives as long as its key.

    Args:
        client: a redis-py client (Redis 6.2 or newer).
        clock: seconds that only ever grow.
    """

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._take = client.register_script(_TAKE)
        self._learn = client.register_script(_LEARN)
        self._clock = clock
        self._alone = MemoryRateGate(clock)
        self._redis_again_at = float("-inf")
        self._told = False

    def take(self, token: str) -> float:
        permits, milliseconds = _first_permits(), int(WINDOW_S * 1000)
        wait = self._run(self._take, token, permits, milliseconds)
        return self._alone.take(token) if wait is None else min(wait / 1000, MAX_WAIT_S)

    def learn(self, token: str, window: Window) -> None:
        milliseconds = max(int(window.seconds_left * 1000), 1)
        done = self._run(self._learn, token, window.permits, milliseconds, window.reset)
        if done is None:
            self._alone.learn(token, window)

    def _run(self, script: Any, token: str, *args: int) -> int | None:
        """What the script answers, None when Redis does not."""
        if self._clock() < self._redis_again_at:
            return None
        key = KEY_PREFIX + hashlib.sha256(token.encode()).hexdigest()
        try:
            return int(script(keys=[key], args=args))
        except (redis.RedisError, OSError) as error:
            self._redis_again_at = self._clock() + REDIS_PAUSE_S
            if not self._told:
                self._told = True
                _LOG.warning("rate_gate.redis_unreachable", error=type(error).__name__)
            return None
