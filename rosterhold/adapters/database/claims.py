"""Claims: who works at a row of the outbox, until when.

To claim is to raise the row's epoch and to lease it for a while. Whoever comes second gets nothing
and ends quietly; when a lease ran out, the next one takes the work over with a new epoch, and the
first one's final transaction fails on the old epoch and changes nothing.
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.sql.dml import ReturningUpdate

from rosterhold.adapters.database import syncs
from rosterhold.adapters.database.engine import STATEMENT_TIME, Database, Transaction
from rosterhold.adapters.database.outbox import Queue, Written, is_free
from rosterhold.adapters.database.prepared import Prepared, prepare
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.tables import syncs as syncs_table
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.statemachine.chart import Work

# How often a step may fail, and how often its worker may die, before it is not tried again.
MAX_FAILURES: Final = 10
MAX_DEATHS: Final = 25
FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 30.0
# After so many tries, about an hour, the waits double again.
PATIENT_TRIES: Final = 150
RARE_RETRY_S: Final = 1_800.0
# Two old workers shall not pass it to and fro all the time.
LEFT_FOR: Final = timedelta(seconds=5)

# What a claim tells of its row.
TAKEN: Final = (
    outbox.c.id,
    outbox.c.epoch,
    outbox.c.work,
    outbox.c.queue,
    outbox.c.district_id,
    outbox.c.sync_id,
    outbox.c.subject,
    outbox.c.attempts,
    outbox.c.failures,
)

log = structlog.get_logger(__name__)


class Claim(msgspec.Struct, frozen=True):
    """The right to do one piece of work, as long as the epoch is still this one.

    Attributes:
        sync: the sync as it was when the work was claimed, if the work is about one.
        attempts: how often it was begun, this time included.
        failures: how often it came to an end by an error.
        goes_on: whether the worker does the next step itself, which is then claimed already.
    """

    work_id: int
    epoch: int
    work: Work
    queue: Queue
    district_id: str
    sync_id: str | None
    subject: str
    attempts: int
    failures: int
    sync: SyncRow | None
    goes_on: bool = False

    @property
    def deaths(self) -> int:
        """How often it was begun, and its worker was never heard of again."""
        return self.attempts - 1 - self.failures

    def next_step(self, written: Written, *, goes_on: bool) -> "Claim":
        """The claim of the step that was written, leased, in the transaction of this one."""
        return Claim(
            work_id=written.work_id,
            epoch=1,
            work=written.work,
            queue=self.queue,
            district_id=self.district_id,
            sync_id=self.sync_id,
            subject="",
            attempts=1,
            failures=0,
            sync=written.sync,
            goes_on=goes_on,
        )


class ClaimLostError(Exception):
    """Raised when the work was taken over or taken back: roll back and end quietly."""


def claim(database: Database, work_id: int, *, goes_on: bool = False) -> Claim | None:
    """Take a piece of work, or None when it is done, not due, given up or somebody's.

    What only a newer version of this program knows is left to it.
    """
    with database.one_statement() as tx:
        row: Sequence[Any] | None
        named = {"work_id": work_id, "claimed_by": tx.process_id}
        if tx.is_sqlite:
            take = _take(tx.now, tx.now + tx.lease)
            row = tx.conn.execute(take, named).one_or_none()
        else:
            take_with_sync = _take_with_sync(tx.dialect)
            given = take_with_sync.parameters({**named, "lease": tx.lease})
            row = tx.at_once(take_with_sync.sql, given)
            row = None if row is None else take_with_sync.row(row)
        if row is None:
            return None
        taken = _as_claim(row, goes_on=goes_on)
        if taken.sync_id is None:
            return taken
        try:
            # In SQLite a statement that changes rows cannot give those of another table with them.
            sync = syncs.load(tx.conn, taken.sync_id) if tx.is_sqlite else syncs.as_sync(row)
            return msgspec.structs.replace(taken, sync=sync)
        except NewerVersionError as error:
            leave_for_newer(tx, taken, error)
            return None


def _as_claim(row: Sequence[Any], *, goes_on: bool) -> Claim:
    """Of a row that begins with TAKEN."""
    work_id, epoch, work, queue, district_id, sync_id, subject, attempts, failures = row[
        : len(TAKEN)
    ]
    return Claim(
        work_id,
        epoch,
        Work(work),
        Queue.named(queue),
        district_id,
        sync_id,
        subject,
        attempts,
        failures,
        None,
        goes_on,
    )


def _take(now: Any, until: Any) -> ReturningUpdate[Any]:
    # A row that somebody is just writing is somebody's: nobody waits for it.
    free = (
        sa.select(outbox.c.id)
        .where(
            outbox.c.id == sa.bindparam("work_id"),
            outbox.c.work.in_([sa.literal_column(f"'{work}'") for work in Work]),
            outbox.c.due_at <= now,
            outbox.c.given_up_at.is_(None),
            is_free(now),
        )
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(outbox)
        .where(outbox.c.id == free.scalar_subquery())
        .values(
            epoch=outbox.c.epoch + 1,
            leased_until=until,
            process_id=sa.bindparam("claimed_by", type_=outbox.c.process_id.type),
            claimed_at=now,
            attempts=outbox.c.attempts + 1,
            # The message is answered: whoever takes the work over waits for no other.
            sent_at=None,
            sends=0,
        )
        .returning(*TAKEN)
    )


@cache
def _take_with_sync(dialect: sa.Dialect) -> Prepared:
    until = STATEMENT_TIME + sa.bindparam("lease", type_=sa.Interval())
    taken = _take(STATEMENT_TIME, until).cte("taken")
    statement = sa.select(*taken.c, *syncs.COLUMNS).outerjoin_from(
        taken, syncs_table, syncs_table.c.id == taken.c.sync_id
    )
    return prepare(statement, dialect, types={}, columns=(*TAKEN, *syncs.COLUMNS))


def renew(database: Database, held: Collection[Claim]) -> int:
    """Lease each for a while longer.

    What is just being written is left out: its lease or its end is in that transaction, for which
    the others are not to wait.

    Returns:
        How many were leased. Whoever lost one finds it out in its last transaction.
    """
    own = sa.tuple_(outbox.c.id, outbox.c.epoch).in_([(one.work_id, one.epoch) for one in held])
    free = sa.select(outbox.c.id).where(own).with_for_update(skip_locked=True)
    with database.one_statement() as tx:
        values = {"leased_until": tx.moment + tx.lease}
        renewed = sa.update(outbox).where(outbox.c.id.in_(free)).values(values)
        return tx.conn.execute(renewed).rowcount


def settle(tx: Transaction, claim: Claim) -> None:
    """Delete the row: the work's effect is in this transaction, which is the claim's from here on.

    Raises:
        ClaimLostError: another worker has it, or it was taken back.
    """
    result = tx.conn.execute(
        sa.delete(outbox).where(outbox.c.id == claim.work_id, outbox.c.epoch == claim.epoch)
    )
    if result.rowcount != 1:
        raise ClaimLostError
    tx.claim = claim


def hand_back(tx: Transaction, claim: Claim) -> None:
    """Let another worker do it at once: this one is about to stop. No attempt is counted."""
    values = {"leased_until": None, "sent_at": None, "attempts": claim.attempts - 1}
    tx.conn.execute(_own(claim).values(values))


def leave_for_newer(tx: Transaction, claim: Claim, error: NewerVersionError) -> None:
    """Let a worker of a newer version do it. No attempt is counted."""
    log.warning("left for a newer version", why=str(error), work_id=claim.work_id)
    postpone(tx, claim, tx.moment + LEFT_FOR)


def postpone(tx: Transaction, claim: Claim, due_at: Any) -> None:
    """Let it wait for its time; nothing went wrong, and no attempt is counted."""
    values = {"leased_until": None, "attempts": claim.attempts - 1, "due_at": due_at}
    tx.conn.execute(_own(claim).values(values))


def put_back(tx: Transaction, claim: Claim, *, error: str, due_at: datetime) -> None:
    """Let it be tried again at a later time, with what went wrong.

    Raises:
        ClaimLostError: another worker has it, or it was taken back.
    """
    values = {
        "leased_until": None,
        "last_error": error,
        "due_at": due_at,
        "sent_at": None,
        "failures": claim.failures + 1,
    }
    if tx.conn.execute(_own(claim).values(values)).rowcount != 1:
        raise ClaimLostError


def give_up(tx: Transaction, claim: Claim, *, error: str) -> None:
    """Leave the row for an operator: it is not tried again by itself.

    Raises:
        ClaimLostError: another worker has it, or it was taken back.
    """
    values = {"leased_until": None, "last_error": error, "given_up_at": tx.now}
    if tx.conn.execute(_own(claim).values(values)).rowcount != 1:
        raise ClaimLostError


def retry_at(now: datetime, failures: int, jitter: random.Random) -> datetime:
    """When to try again, with jitter: twice as late each time, and then patiently for an hour.

    A fault that is over within an hour is soon forgotten; one that lasts is asked after less often.
    """
    doublings = min(failures - 1, 16)
    longest = min(FIRST_RETRY_S * 2**doublings, LONGEST_RETRY_S)
    if failures > PATIENT_TRIES:
        longest = min(LONGEST_RETRY_S * 2 ** min(failures - PATIENT_TRIES, 16), RARE_RETRY_S)
    return now + timedelta(seconds=longest * jitter.uniform(0.5, 1.0))


def _own(claim: Claim) -> sa.Update:
    return sa.update(outbox).where(outbox.c.id == claim.work_id, outbox.c.epoch == claim.epoch)
