"""What the app is told of by webhooks, and how long it is tried."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class Announcement(StrEnum):
    """The kinds of event that an endpoint can ask for."""

    SYNC_COMPLETED = "sync.completed"
    SYNC_HELD = "sync.held"
    SYNC_FAILED = "sync.failed"
    HOLD_REMINDED = "hold.reminded"
    HOLD_RELEASED = "hold.released"
    ROSTER_CHANGED = "roster.changed"


# What an endpoint is tried with, on demand.
PING: Final = "webhook.ping"

# How long after each failed try the next one comes; then every LAST_WAIT.
_WAITS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400)
)
LAST_WAIT: Final = timedelta(hours=8)
TRIED_FOR: Final = timedelta(days=3)
# So much of a wait is left to chance: endpoints that come back are not asked all at once.
JITTER: Final = 0.2


def next_try(created_at: datetime, now: datetime, failures: int, chance: float) -> datetime | None:
    """When a delivery is tried again, or None when it was tried for TRIED_FOR.

    Args:
        created_at: when it was announced.
        now: the time.
        failures: how often it failed, at least once.
        chance: from 0 to 1, the jitter.
    """
    if now - created_at >= TRIED_FOR:
        return None
    wait = _WAITS[failures - 1] if failures <= len(_WAITS) else LAST_WAIT
    due_at = now + wait * (1 + JITTER * chance)
    return min(due_at, created_at + TRIED_FOR)


def has_changes(counts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a sync's counts (kind → added, changed, …) tell of any change of the roster."""
    return any(
        kind.get(name, 0)
        for kind in counts.values()
        for name in ("added", "changed", "removed", "reidentified")
    )
