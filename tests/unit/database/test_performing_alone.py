"""A step whose only effect is its transition: for PostgreSQL one statement, whole or not at all."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import claims, decisions, outbox, retention, views
from rosterhold.adapters.database.claims import Claim, ClaimLostError
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow, load
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.transitions import (
    Cause,
    StaleSyncError,
    perform,
    perform_alone,
)
from rosterhold.statemachine.chart import SyncEvent, SyncState, Work

LOST = (ClaimLostError, StaleSyncError)


@pytest.fixture
def claim(database: Database, sync_id: str) -> Claim:
    with database.reading() as conn:
        work_id = conn.execute(sa.select(outbox_table.c.id)).scalar_one()
    taken = claims.claim(database, work_id, goes_on=True)
    assert taken is not None
    return taken


def seen(database: Database, sync_id: str) -> SyncRow:
    with database.reading() as conn:
        sync = load(conn, sync_id)
    assert sync is not None
    return sync


def everything(database: Database) -> list[object]:
    with database.reading() as conn:
        return [
            conn.execute(sa.text(f"SELECT * FROM {name} ORDER BY 1, 2")).all()
            for name in ("syncs", "transitions", "outbox", "holds")
        ]


def takes(database: Database, claim: Claim, event: SyncEvent) -> tuple[Written, ...]:
    assert claim.sync is not None
    return perform_alone(database, claim.sync, event, Cause("a step"), settles=claim)


def test_a_claim_brings_the_sync_as_it_is(database: Database, claim: Claim, sync_id: str):
    assert claim.sync == seen(database, sync_id)


def test_a_step_settles_its_claim_and_leaves_the_next_one_leased(database: Database, claim: Claim):
    (following,) = takes(database, claim, SyncEvent.FETCHED)
    assert (following.work, following.queue) == (Work.EVALUATE, claim.queue)
    assert claims.claim(database, claim.work_id) is None
    assert claims.claim(database, following.work_id) is None, "it is leased to this worker"
    assert following.sync == seen(database, claim.sync_id)


def test_steps_go_on_to_the_end_and_the_history_has_them_all(database: Database, claim: Claim):
    for event in (SyncEvent.FETCHED, SyncEvent.CLEAR):
        (following,) = takes(database, claim, event)
        claim = claim.next_step(following, goes_on=True)
    assert takes(database, claim, SyncEvent.APPLIED) == ()
    with database.reading() as conn:
        lines = views.history(conn, claim.sync_id)
        assert outbox.waiting(conn) == 0
    assert [line.event for line in lines] == ["start", "fetched", "clear", "applied"]
    after = seen(database, claim.sync_id)
    assert (after.state, after.version) == (SyncState.COMPLETED, 4)
    assert after.finished_at is not None


def test_a_sync_with_nothing_new_ends_in_one_step_and_is_not_applied(
    database: Database, claim: Claim
):
    assert claim.sync is not None
    since = datetime(2026, 7, 4, 3, tzinfo=UTC)
    values = {"nothing_new_since": since}
    with database.transaction() as tx:
        perform(tx, claim.sync, SyncEvent.NOTHING_NEW, Cause("x"), values, settles=claim)
    after = seen(database, claim.sync.id)
    assert (after.state, after.nothing_new_since) == (SyncState.COMPLETED, since)
    assert after.finished_at is not None
    with database.reading() as conn:
        assert outbox.waiting(conn) == 0
        assert views.last_applied(conn, after.district_id) is None
        assert views.sync_views(conn, applied_only=True) == []
        [past] = retention.with_files(conn, after.district_id)
    assert (past.applied, past.finished_at is not None) == (False, True)


def test_a_worker_that_lost_its_claim_writes_nothing(database: Database, claim: Claim):
    with database.transaction() as tx:
        claims.hand_back(tx, claim)
    claims.claim(database, claim.work_id)
    before = everything(database)
    with pytest.raises(LOST):
        takes(database, claim, SyncEvent.FETCHED)
    assert everything(database) == before


def test_a_sync_that_moved_on_is_left_as_it_is_with_its_work(database: Database, claim: Claim):
    with database.transaction() as tx:
        perform(tx, claim.sync, SyncEvent.FETCHED, Cause("somebody else"))
    before = everything(database)
    with pytest.raises(LOST):
        takes(database, claim, SyncEvent.FETCHED)
    assert everything(database) == before


def test_what_changes_with_the_state_is_written_with_it(database: Database, claim: Claim):
    changes = {"snapshot_ref": "a/b", "set_aside": {"unreadable students": 3}}
    perform_alone(database, claim.sync, SyncEvent.FETCHED, Cause("read"), changes, settles=claim)
    after = seen(database, claim.sync_id)
    assert (after.snapshot_ref, after.set_aside) == ("a/b", {"unreadable students": 3})


def test_a_cancel_takes_back_work_that_somebody_is_at(
    database: Database, claim: Claim, sync_id: str
):
    decisions.cancel(database, sync_id, Cause("enough"))
    with pytest.raises(LOST):
        takes(database, claim, SyncEvent.FETCHED)
    assert seen(database, sync_id).state is SyncState.CANCELLED
