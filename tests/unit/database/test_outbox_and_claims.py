import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import claims, outbox
from rosterhold.adapters.database.claims import Claim, ClaimLostError
from rosterhold.adapters.database.engine import LEASE, Database, Transaction
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.statemachine.chart import Work


@pytest.fixture
def work_id(database: Database, sync_id: str) -> int:
    with database.reading() as conn:
        return conn.execute(sa.select(outbox_table.c.id)).scalar_one()


def taken(database: Database, work_id: int) -> Claim:
    claim = claims.claim(database, work_id)
    assert claim is not None
    return claim


def let_the_lease_run_out(database: Database, claim: Claim) -> None:
    with database.transaction() as tx:
        tx.conn.execute(
            sa.update(outbox_table)
            .where(outbox_table.c.id == claim.work_id)
            .values(leased_until=tx.now - timedelta(seconds=1))
        )


def test_work_is_claimed_by_one_worker_only(database: Database, work_id: int):
    first = taken(database, work_id)
    assert (first.work, first.epoch, first.attempts) == (Work.FETCH, 1, 1)
    assert claims.claim(database, work_id) is None


def test_settled_work_is_gone(database: Database, work_id: int):
    claim = taken(database, work_id)
    with database.transaction() as tx:
        claims.settle(tx, claim)
    with database.reading() as conn:
        assert outbox.waiting(conn) == 0
    assert claims.claim(database, work_id) is None


def settle_and_fail(database: Database, claim: Claim) -> None:
    with database.transaction() as tx:
        claims.settle(tx, claim)
        _ = 1 / 0


def test_a_transaction_that_fails_leaves_the_work_to_do(database: Database, work_id: int):
    claim = taken(database, work_id)
    with pytest.raises(ZeroDivisionError):
        settle_and_fail(database, claim)
    with database.reading() as conn:
        assert outbox.waiting(conn) == 1


def test_work_whose_lease_ran_out_is_taken_over_with_a_new_epoch(database: Database, work_id: int):
    dead = taken(database, work_id)
    let_the_lease_run_out(database, dead)
    second = taken(database, work_id)
    assert (second.epoch, second.attempts) == (2, 2)


def test_a_worker_that_lost_its_claim_cannot_commit(database: Database, work_id: int):
    frozen = taken(database, work_id)
    let_the_lease_run_out(database, frozen)
    taken(database, work_id)
    with pytest.raises(ClaimLostError), database.transaction() as tx:
        claims.settle(tx, frozen)
    assert claims.renew(database, [frozen]) == 0


def test_a_renewed_lease_keeps_others_away(database: Database, work_id: int):
    claim = taken(database, work_id)
    let_the_lease_run_out(database, claim)
    assert claims.renew(database, [claim]) == 1
    assert claims.claim(database, work_id) is None


def test_work_put_back_is_due_later_with_its_error(database: Database, work_id: int):
    claim = taken(database, work_id)
    with database.transaction() as tx:
        claims.put_back(tx, claim, error="no answer", due_at=tx.now + timedelta(minutes=1))
    assert claims.claim(database, work_id) is None
    with database.reading() as conn:
        row = conn.execute(sa.select(outbox_table)).one()
    assert (row.last_error, row.attempts) == ("no answer", 1)


def test_work_given_up_is_not_done_again(database: Database, work_id: int):
    claim = taken(database, work_id)
    with database.transaction() as tx:
        claims.give_up(tx, claim, error="refused")
    assert claims.claim(database, work_id) is None
    with database.reading() as conn:
        assert outbox.waiting(conn) == 0


def test_waits_grow_and_stay_below_the_longest(database: Database):
    jitter = random.Random(7)
    with database.reading() as conn:
        now = database.now(conn)
    waits = [(claims.retry_at(now, n, jitter) - now).total_seconds() for n in range(1, 30)]
    assert 1 <= waits[0] <= 2
    assert max(waits) <= claims.LONGEST_RETRY_S
    assert waits[3] > waits[0]


def test_a_fault_that_lasts_for_hours_is_asked_after_less_and_less_often(database: Database):
    jitter = random.Random(7)
    with database.reading() as conn:
        now = database.now(conn)
    waits = [(claims.retry_at(now, n, jitter) - now).total_seconds() for n in range(1, 241)]
    assert 40 * 60 < sum(waits[: claims.PATIENT_TRIES]) < 80 * 60
    assert claims.RARE_RETRY_S / 2 < waits[-1] <= claims.RARE_RETRY_S
    assert sum(waits) > 24 * 3600


def found(database: Database, after: timedelta) -> list[int]:
    with database.reading() as conn:
        idle = outbox.idle(conn, database.now(conn) + after)
    return [one.work_id for one in idle.unanswered]


def test_a_message_just_written_is_left_to_its_writer(database: Database, work_id: int):
    assert found(database, timedelta(seconds=-1)) == []


def test_work_without_a_message_is_found_by_the_sweep(database: Database, work_id: int):
    assert found(database, timedelta(seconds=1)) == [work_id]


def sent(tx: Transaction, work_id: int) -> None:
    outbox.mark_sent(tx, [work_id])


def test_a_message_nobody_answered_is_sent_again_ever_more_patiently(
    database: Database, work_id: int
):
    with database.transaction() as tx:
        sent(tx, work_id)
    assert found(database, timedelta(seconds=4)) == []
    assert found(database, timedelta(seconds=7)) == [work_id]
    with database.transaction() as tx:
        sent(tx, work_id)
    assert found(database, timedelta(seconds=7)) == []
    assert found(database, timedelta(seconds=17)) == [work_id]


def test_work_that_somebody_is_at_is_not_sent_again(database: Database, work_id: int):
    taken(database, work_id)
    assert found(database, timedelta(seconds=1)) == []
    assert found(database, LEASE + timedelta(seconds=1)) == [work_id]
