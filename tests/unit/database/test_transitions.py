import pytest

from rosterhold.adapters.database import decisions, outbox, views
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.syncs import load
from rosterhold.adapters.database.transitions import (
    Cause,
    EventRefusedError,
    StaleSyncError,
    perform,
)
from rosterhold.statemachine.chart import SyncEvent, SyncState


def test_a_new_sync_is_fetching_with_one_piece_of_work(database: Database, sync_id: str):
    with database.reading() as conn:
        sync = load(conn, sync_id)
        assert sync is not None
        assert sync.state is SyncState.FETCHING
        assert outbox.waiting(conn) == 1


def test_a_transition_writes_state_version_history_and_work_together(
    database: Database, sync_id: str
):
    with database.transaction() as tx:
        sync = load(tx.conn, sync_id)
        perform(tx, sync, SyncEvent.FETCHED, Cause("read", "a worker"))
        assert [one.work for one in tx.work] == ["evaluate"]
    with database.reading() as conn:
        after = load(conn, sync_id)
        lines = views.history(conn, sync_id)
    assert (after.state, after.version) == (SyncState.EVALUATING, sync.version + 1)
    assert [(line.seq, line.from_state, line.to_state, line.who) for line in lines] == [
        (1, None, "running.fetching", "rosterhold"),
        (2, "running.fetching", "running.evaluating", "a worker"),
    ]


def test_a_transition_of_a_sync_that_moved_on_is_refused_and_writes_nothing(
    database: Database, sync_id: str
):
    with database.transaction() as tx:
        seen = load(tx.conn, sync_id)
        perform(tx, seen, SyncEvent.FETCHED, Cause("first"))
    with pytest.raises(StaleSyncError), database.transaction() as tx:
        perform(tx, seen, SyncEvent.FETCHED, Cause("second"))
    with database.reading() as conn:
        assert len(views.history(conn, sync_id)) == 2


def test_an_event_the_chart_does_not_allow_is_refused(database: Database, sync_id: str):
    with pytest.raises(EventRefusedError) as refused, database.transaction() as tx:
        perform(tx, load(tx.conn, sync_id), SyncEvent.APPLIED, Cause("too early"))
    assert refused.value.refusal.state is SyncState.FETCHING


def test_a_district_has_at_most_one_open_sync(database: Database, district_id: str, sync_id: str):
    second = decisions.start(database, district_id, trigger="test", cause=Cause("again"))
    assert second == decisions.AlreadyOpen(sync_id, SyncState.FETCHING)


def test_a_final_state_takes_back_the_steps_that_were_waiting(database: Database, sync_id: str):
    cancelled = decisions.cancel(database, sync_id, Cause("enough", "somebody"))
    assert isinstance(cancelled, decisions.Decided)
    with database.reading() as conn:
        assert outbox.waiting(conn) == 0
        assert load(conn, sync_id).finished_at is not None


def test_a_cancelled_sync_cannot_be_cancelled_again(database: Database, sync_id: str):
    decisions.cancel(database, sync_id, Cause("enough"))
    again = decisions.cancel(database, sync_id, Cause("enough"))
    assert again.code == "not_open"


def test_after_a_sync_has_ended_the_district_can_start_another(
    database: Database, district_id: str, sync_id: str
):
    decisions.cancel(database, sync_id, Cause("enough"))
    started = decisions.start(database, district_id, trigger="test", cause=Cause("again"))
    assert isinstance(started, decisions.Started)
