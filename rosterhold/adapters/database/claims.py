"""Claims: who works at a row of the outbox, until when.

To claim is to raise the row's epoch and to lease it for a while. Whoever comes second gets nothing
and ends quietly; when a lease ran out, the next one takes the work over with a new epoch, and the
first one's final transaction fails on the old epoch and changes nothing.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.outbox import LEASE
from rosterhold.adapters.database.tables import outbox
from rosterhold.statemachine.chart import Work

MAX_ATTEMPTS: Final = 8
FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one piece of work, as long as the epoch is still this one.

    Attributes:
        attempts: how often it was begun, this time included.
        goes_on: whether the worker does the next step itself, which is then claimed already.
    """

    work_id: int
    epoch: int
    work: Work
    district_id: str
    sync_id: str | None
    subject: str
    attempts: int
    goes_on: bool = False

    def next_step(self, work_id: int, work: Work) -> "Claim":
        """The claim of the step that was written, leased, in the transaction of this one."""
        return replace(self, work_id=work_id, epoch=1, work=work, subject="", attempts=1)


class ClaimLostError(Exception):
    """Raised when the work was taken over or taken back: roll back and end quietly."""


def claim(database: Database, work_id: int, *, goes_on: bool = False) -> Claim | None:
    """Take a piece of work, or None when it is done, not due, given up or somebody's."""
    with database.transaction() as tx:
        row = tx.conn.execute(
            sa.update(outbox)
            .where(
                outbox.c.id == work_id,
                outbox.c.due_at <= tx.now,
                outbox.c.given_up_at.is_(None),
                sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < tx.now),
            )
            .values(
                epoch=outbox.c.epoch + 1,
                leased_until=tx.now + LEASE,
                attempts=outbox.c.attempts + 1,
                # The message is answered: whoever takes the work over waits for no other.
                sent_at=None,
                sends=0,
            )
            .returning(*outbox.c)
        ).one_or_none()
    if row is None:
        return None
    return Claim(
        row.id,
        row.epoch,
        Work(row.work),
        row.district_id,
        row.sync_id,
        row.subject,
        row.attempts,
        goes_on,
    )


def renew(database: Database, claim: Claim) -> bool:
    """Lease it for a while longer; False when the claim is lost."""
    with database.transaction() as tx:
        result = tx.conn.execute(_own(claim).values(leased_until=tx.now + LEASE))
    return result.rowcount == 1


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
    tx.goes_on = claim.goes_on


def hand_back(tx: Transaction, claim: Claim) -> None:
    """Let another worker do it at once: this one is about to stop. No attempt is counted."""
    values = {"leased_until": None, "sent_at": None, "attempts": claim.attempts - 1}
    tx.conn.execute(_own(claim).values(values))


def put_back(tx: Transaction, claim: Claim, *, error: str, due_at: datetime) -> None:
    """Let it be tried again at a later time, with what went wrong.

    Raises:
        ClaimLostError: another worker has it, or it was taken back.
    """
    values = {"leased_until": None, "last_error": error, "due_at": due_at, "sent_at": None}
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


def retry_at(now: datetime, attempts: int, jitter: random.Random) -> datetime:
    """When to try again: twice as late each time, with jitter, up to LONGEST_RETRY_S."""
    longest = min(FIRST_RETRY_S * 2 ** (attempts - 1), LONGEST_RETRY_S)
    return now + timedelta(seconds=longest * jitter.uniform(0.5, 1.0))


def _own(claim: Claim) -> sa.Update:
    return sa.update(outbox).where(outbox.c.id == claim.work_id, outbox.c.epoch == claim.epoch)
