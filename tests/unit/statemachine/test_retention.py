from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosterhold.statemachine.retention import HISTORY_DAYS, PastSync, last_purge_slot, may_go

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
KEEP = 35


def finished(name: str, age: timedelta, *, applied: bool = True) -> PastSync:
    return PastSync(name, NOW - age, applied)


def gone(*syncs: PastSync, needed: tuple[str, ...] = (), days: int = KEEP) -> list[str]:
    return [sync.id for sync in may_go(syncs, needed=needed, now=NOW, days=days)]


# The baseline of yesterday and the one that was in force a week ago: what a healthy district has.
FRESH = (finished("yesterday", timedelta(days=1)), finished("last week", timedelta(days=8)))


@pytest.mark.parametrize(
    ("age", "goes"),
    [
        (timedelta(days=KEEP) - MOMENT, []),
        (timedelta(days=KEEP), ["old"]),
        (timedelta(days=KEEP) + MOMENT, ["old"]),
    ],
)
@pytest.mark.parametrize("applied", [True, False])
def test_files_go_when_the_sync_finished_so_long_ago(age, goes, applied):
    assert gone(*FRESH, finished("old", age, applied=applied)) == goes


def test_the_files_of_an_open_sync_stay_however_old_it_is():
    assert gone(*FRESH, PastSync("held for a year", None, applied=False)) == []


def test_the_files_that_the_baseline_lies_in_stay_however_old_they_are():
    old = finished("old", timedelta(days=400))
    older = finished("older", timedelta(days=500))
    assert gone(*FRESH, old, older) == ["older", "old"]
    assert gone(*FRESH, old, older, needed=("older",)) == ["old"]


@pytest.mark.parametrize(
    ("age_of_the_newest", "goes"),
    [
        (timedelta(days=HISTORY_DAYS) - MOMENT, []),
        (timedelta(days=HISTORY_DAYS), ["before"]),
        (timedelta(days=HISTORY_DAYS) + MOMENT, ["before"]),
    ],
)
def test_the_baseline_that_was_in_force_a_week_ago_stays(age_of_the_newest, goes):
    before = finished("before", timedelta(days=90))
    assert gone(before, finished("newest", age_of_the_newest), needed=("newest",)) == goes


def test_a_sync_that_was_not_applied_was_never_in_force():
    before = finished("before", timedelta(days=90))
    cancelled = finished("cancelled", timedelta(days=60), applied=False)
    newest = finished("newest", timedelta(days=2))
    assert gone(before, cancelled, newest, needed=("newest",)) == ["cancelled"]


def test_the_oldest_goes_first():
    syncs = [finished(str(days), timedelta(days=days)) for days in (40, 60, 50)]
    assert gone(*FRESH, *syncs) == ["60", "50", "40"]


SYNCS = st.lists(
    st.builds(
        PastSync,
        st.uuids().map(str),
        st.none() | st.integers(0, 100).map(lambda days: NOW - timedelta(days=days)),
        st.booleans(),
    ),
    max_size=12,
)


@given(SYNCS, st.data(), st.integers(HISTORY_DAYS, 90))
def test_nothing_young_open_or_needed_ever_goes(syncs, data, days):
    needed = data.draw(st.sets(st.sampled_from([sync.id for sync in syncs]))) if syncs else set()
    for sync in may_go(syncs, needed=needed, now=NOW, days=days):
        assert sync.finished_at is not None
        assert sync.finished_at <= NOW - timedelta(days=days)
        assert sync.id not in needed


@given(SYNCS, st.integers(HISTORY_DAYS, 90))
def test_all_that_is_old_goes_but_one_and_what_is_needed(syncs, days):
    until = NOW - timedelta(days=days)
    old = [sync for sync in syncs if sync.finished_at and sync.finished_at <= until]
    assert len(may_go(syncs, needed=(), now=NOW, days=days)) >= len(old) - 1


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (datetime(2026, 9, 1, 11, 59, 59, tzinfo=UTC), datetime(2026, 8, 31, 12, tzinfo=UTC)),
        (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 1, 12, tzinfo=UTC)),
        (datetime(2026, 9, 1, 12, 0, 1, tzinfo=UTC), datetime(2026, 9, 1, 12, tzinfo=UTC)),
    ],
)
def test_the_purge_is_due_at_noon(now, slot):
    assert last_purge_slot(now) == slot
