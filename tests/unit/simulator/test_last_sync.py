from datetime import UTC, datetime

from rosterhold.simulator.changes.registry import after
from rosterhold.simulator.instants import instant


def test_last_sync_moves_though_the_clock_stands_within_one_millisecond():
    now = datetime(2026, 9, 1, 12, 0, 0, 123_900, tzinfo=UTC)
    first = instant(after(None, now))
    assert instant(after(first, now)) > first
