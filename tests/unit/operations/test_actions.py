"""What an operator does to a piece of work, and what is kept of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import claims, decisions, districts, operator_actions, syncs
from rosterhold.adapters.database.claims import ClaimLostError
from rosterhold.adapters.database.decisions import Person
from rosterhold.adapters.database.operator_actions import GIVE_UP, RETRY, Refused
from rosterhold.adapters.database.tables import outbox, transitions
from rosterhold.adapters.database.transitions import Cause
from rosterhold.statemachine.chart import SyncState, Work

PERSON = Person("op@example.org", "web")


@pytest.fixture
def district_id(database):
    with database.transaction() as tx:
        return districts.add(tx, clever_id="5a0c91b95c7cc000010d417c", name="Anytown", emails=[])


@pytest.fixture
def sync_id(database, district_id):
    return decisions.start(database, district_id, trigger="test", cause=Cause("a test")).sync_id


@pytest.fixture
def work_id(database, sync_id):
    del sync_id
    with database.reading() as conn:
        return conn.execute(sa.select(outbox.c.id)).scalar_one()


def row(database, work_id):
    with database.reading() as conn:
        return conn.execute(sa.select(outbox).where(outbox.c.id == work_id)).one_or_none()


def change(database, work_id, **values):
    with database.transaction() as tx:
        given = {name: tx.now + value if isinstance(value, timedelta) else value
                 for name, value in values.items()}  # fmt: skip
        tx.conn.execute(sa.update(outbox).where(outbox.c.id == work_id).values(given))


def kept(database):
    with database.reading() as conn:
        return operator_actions.latest(conn)


def retry(database, work_id):
    return operator_actions.do(database, RETRY, work_id, PERSON, "the server is back")


def give_up(database, work_id, reason="it never ends"):
    return operator_actions.do(database, GIVE_UP, work_id, PERSON, reason)


def test_work_that_waits_for_its_next_try_may_be_tried_at_once(database, work_id):
    change(database, work_id, due_at=timedelta(hours=1), failures=3, attempts=3)
    [written] = retry(database, work_id)
    assert (written.work_id, written.work) == (work_id, Work.FETCH)
    claim = claims.claim(database, work_id)
    assert (claim.failures, claim.attempts) == (3, 4)


def test_work_that_was_given_up_begins_its_tries_anew(database, work_id):
    change(database, work_id, given_up_at=timedelta(0), failures=240, attempts=240)
    retry(database, work_id)
    claim = claims.claim(database, work_id)
    assert (claim.failures, claim.deaths) == (0, 0)


def test_work_that_somebody_is_at_is_not_tried_beside_it(database, work_id):
    claims.claim(database, work_id)
    assert isinstance(retry(database, work_id), Refused)
    assert kept(database) == []


@pytest.mark.parametrize("act", [retry, give_up])
def test_work_that_is_done_is_refused(database, act):
    assert act(database, 999) is operator_actions.GONE


def test_a_step_that_is_given_up_fails_its_sync(database, work_id, sync_id):
    give_up(database, work_id)
    with database.reading() as conn:
        sync = syncs.load(conn, sync_id)
        last = conn.execute(sa.select(transitions).order_by(transitions.c.seq.desc())).first()
    assert sync.state is SyncState.FAILED
    assert sync.failure == "given up by an operator: it never ends"
    assert last.who == PERSON.who
    assert row(database, work_id) is None


def test_a_worker_that_is_at_it_changes_nothing_any_more(database, work_id):
    claim = claims.claim(database, work_id)
    give_up(database, work_id)
    with pytest.raises(ClaimLostError), database.transaction() as tx:
        claims.settle(tx, claim)


def test_a_mail_that_is_given_up_stays_where_it_is(database, work_id, sync_id):
    change(database, work_id, work="email", subject="a mail", last_error="421 try later")
    give_up(database, work_id)
    assert row(database, work_id).given_up_at is not None
    with database.reading() as conn:
        assert syncs.load(conn, sync_id).state is SyncState.FETCHING
    assert isinstance(give_up(database, work_id), Refused)


def test_giving_up_needs_a_reason(database, work_id):
    assert give_up(database, work_id, "  ") is operator_actions.NO_REASON
    assert row(database, work_id).given_up_at is None


def test_who_did_what_and_why_is_kept(database, work_id, district_id, sync_id):
    change(database, work_id, work="email", last_error="421 try later", due_at=timedelta(hours=1))
    retry(database, work_id)
    give_up(database, work_id, "it  never\nends")
    later, earlier = kept(database)
    assert (earlier.action, earlier.reason) == (RETRY, "the server is back")
    assert (later.action, later.reason) == (GIVE_UP, "it never ends")
    assert (later.who, later.from_where) == (PERSON.who, PERSON.from_where)
    assert (later.work, later.work_id) == ("email", work_id)
    assert (later.district_id, later.sync_id) == (district_id, sync_id)
    assert later.last_error == "421 try later"
