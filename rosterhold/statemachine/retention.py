"""How long the files of a sync are kept: student data stays no longer than it is needed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

# What a rule may look back on: the baseline that was in force so many days ago is still there.
HISTORY_DAYS: Final = 7
# When old files go: in America the syncs of the night are over and the working day has not begun.
PURGE_AT: Final = time(12, 0)


@dataclass(frozen=True, slots=True)
class PastSync:
    """What retention has to know of a sync.

    Attributes:
        finished_at: None while it is open.
        applied: whether it became the baseline when it finished.
    """

    id: str
    finished_at: datetime | None
    applied: bool


def may_go(
    syncs: Sequence[PastSync], *, needed: Collection[str], now: datetime, days: int
) -> list[PastSync]:
    """The syncs of one district whose files may be deleted, oldest first.

    A sync's files are kept for `days` after it finished. Kept however old they are: those of an
    open sync, those that are needed, and those of the baseline that was in force when the window of
    HISTORY_DAYS began.

    Args:
        syncs: all of one district whose files are still there.
        needed: ids of the syncs in whose files the baseline lies.
        now: the time.
        days: how long; a file goes when it is exactly so old.
    """
    window = now - timedelta(days=HISTORY_DAYS)
    until = now - timedelta(days=days)
    finished = sorted((sync.finished_at, sync.id, sync) for sync in syncs if sync.finished_at)
    before = [sync.id for at, _, sync in finished if sync.applied and at <= window]
    kept = {*needed, *before[-1:]}
    return [sync for at, sync_id, sync in finished if at <= until and sync_id not in kept]


def last_purge_slot(now: datetime) -> datetime:
    """The newest time of the daily purge that is not after `now`; `now` is in UTC."""
    slot = datetime.combine(now.date(), PURGE_AT, now.tzinfo)
    return slot if slot <= now else slot - timedelta(days=1)
