"""Where work waits: nobody's click waits behind a night, and a night not behind a giant."""

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import claims, decisions, districts, outbox
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import LARGE_RECORDS, Queue
from rosterhold.adapters.database.syncs import load
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.tables import syncs
from rosterhold.adapters.database.transitions import Cause, begin, perform, perform_alone
from rosterhold.statemachine.chart import SyncEvent


def has_a_roster_of(database: Database, district_id: str, records: int) -> None:
    """A first sync came to its end, and this is what it applied."""
    started = decisions.start(database, district_id, trigger="test", cause=Cause("the first"))
    assert isinstance(started, decisions.Started)
    with database.transaction() as tx:
        counts = {"students": {"total": records - 1}, "schools": {"total": 1}}
        own = syncs.c.id == started.sync_id
        tx.conn.execute(sa.update(syncs).where(own).values(counts=counts))
        districts.update(tx, district_id, {"baseline_sync_id": started.sync_id})
    decisions.cancel(database, started.sync_id, Cause("enough"))


def waits_in(database: Database) -> list[str]:
    with database.reading() as conn:
        return list(conn.execute(sa.select(outbox_table.c.queue)).scalars())


def begins(database: Database, district_id: str, queue: Queue) -> str:
    with database.transaction() as tx:
        return begin(tx, district_id=district_id, trigger="t", cause=Cause("t"), queue=queue)


@pytest.mark.parametrize("queue", [Queue.URGENT, Queue.NIGHTLY])
def test_a_sync_waits_as_its_start_says(database: Database, district_id: str, queue: Queue):
    begins(database, district_id, queue)
    assert waits_in(database) == [queue]


@pytest.mark.parametrize(
    ("records", "queue"), [(LARGE_RECORDS - 1, Queue.URGENT), (LARGE_RECORDS, Queue.LARGE)]
)
def test_a_large_district_waits_among_the_large(
    database: Database, district_id: str, records: int, queue: Queue
):
    has_a_roster_of(database, district_id, records)
    begins(database, district_id, Queue.URGENT)
    assert waits_in(database) == [queue]


def test_what_follows_waits_where_the_first_step_did(database: Database, district_id: str):
    begins(database, district_id, Queue.NIGHTLY)
    with database.reading() as conn:
        work_id = conn.execute(sa.select(outbox_table.c.id)).scalar_one()
    claim = claims.claim(database, work_id)
    perform_alone(database, claim.sync, SyncEvent.FETCHED, Cause("read"), settles=claim)
    assert waits_in(database) == [Queue.NIGHTLY]


def test_what_a_person_sets_going_is_urgent(database: Database, district_id: str, sync_id: str):
    with database.transaction() as tx:
        outbox.drop_for_sync(tx, sync_id)
        perform(tx, load(tx.conn, sync_id), SyncEvent.FETCHED, Cause("by hand"))
    assert waits_in(database) == [Queue.URGENT]


def test_a_queue_that_another_version_names_otherwise_is_urgent():
    assert Queue.named("evaluate") is Queue.URGENT
