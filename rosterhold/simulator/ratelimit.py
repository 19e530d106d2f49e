"""Rate windows: so many requests a token (Clever, Pagination and Response Limits).

A window begins with the token's first request, not with the minute of the clock.
"""

import math
from dataclasses import dataclass


@dataclass
class Window:
    """A token's running window; `ends` is a Unix time in seconds."""

    ends: float
    used: int = 0


@dataclass(frozen=True)
class Allowance:
    """What one request found: whether it passes, and the numbers of the headers."""

    passed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self, *, multi_bucket: bool = False) -> dict[str, str]:
        if multi_bucket:
            return {
                "X-Ratelimit-Bucket": "all, none",
                "X-Ratelimit-Limit": f"{self.limit}, {self.limit}",
                "X-Ratelimit-Remaining": f"{self.remaining}, {self.remaining}",
                "X-Ratelimit-Reset": f"{self.reset}, {self.reset}",
            }
        return {
            "X-Ratelimit-Bucket": "bearer",
            "X-Ratelimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(self.remaining),
            "X-Ratelimit-Reset": str(self.reset),
        }


class RateWindows:
    """Counts requests by token."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def take(self, token: str, *, now: float, limit: int, seconds: float) -> Allowance:
        """Count one request of a token at a Unix time."""
        window = self._windows.get(token)
        if window is None or now >= window.ends:
            window = self._windows[token] = Window(ends=now + seconds)
        passed = window.used < limit
        window.used += passed
        return Allowance(passed, limit, limit - window.used, math.ceil(window.ends))

    def close(self, token: str, *, ends: float) -> None:
        """Let the token's window end at a Unix time of one's own choice."""
        if token in self._windows:
            self._windows[token].ends = ends

    def clear(self) -> None:
        self._windows.clear()
