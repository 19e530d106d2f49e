"""What an operator does to a piece of work: try it now, or give it up; kept with the reason.

The row is taken over by its epoch first, so that a worker that is at it changes nothing any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import endings
from rosterhold.adapters.database.claims import Claim, ClaimLostError
from rosterhold.adapters.database.decisions import Person
from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.operation_tables import operator_actions
from rosterhold.adapters.database.outbox import Queue, Written
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.transitions import Cause, EventRefusedError, StaleSyncError
from rosterhold.statemachine.chart import Work

RETRY: Final = "retry"
GIVE_UP: Final = "give_up"
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done; a sentence that says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """What was done to a piece of work."""

    at: datetime
    who: str
    from_where: str
    action: str
    work: str
    work_id: int
    district_id: str
    sync_id: str | None
    reason: str
    last_error: str | None


GONE: Final = Refused("This work is done or was taken back meanwhile. Nothing was changed.")
NO_REASON: Final = Refused("Say why, in a few words: it is kept with what you did.")


def do(
    database: Database, action: str, work_id: int, person: Person, reason: str
) -> tuple[Written, ...] | Refused:
    """Do an action in a transaction of its own; returns what to ring for."""
    try:
        with database.transaction() as tx:
            if action == GIVE_UP:
                return give_up(tx, work_id, person, reason)
            done = retry(tx, work_id, person, reason)
            return done if isinstance(done, Refused) else (done,)
    except (ClaimLostError, StaleSyncError, EventRefusedError):
        return GONE


def retry(tx: Transaction, work_id: int, person: Person, reason: str = "") -> Written | Refused:
    """Let a piece of work be tried at once; one that was given up begins its tries anew.

    Returns:
        The work to ring for after the commit.
    """
    row = _locked(tx, work_id)
    if row is None:
        return GONE
    if row.leased_until is not None and row.leased_until >= tx.now:
        return Refused("A worker is at it just now. Nothing was changed.")
    values: dict[str, Any] = {"due_at": tx.now, "sent_at": None, "sends": 0}
    if row.given_up_at is not None:
        # With the old counts the next failure would be the last one again.
        values |= {"given_up_at": None, "attempts": 0, "failures": 0}
    tx.conn.execute(sa.update(outbox).where(outbox.c.id == work_id).values(values))
    _note(tx, row, RETRY, person, reason)
    return Written(row.id, Work(row.work), Queue.named(row.queue))


def give_up(
    tx: Transaction, work_id: int, person: Person, reason: str
) -> tuple[Written, ...] | Refused:
    """Try a piece of work no more: the sync of a step fails, anything else is left where it is.

    Its transaction has to be rolled back when it is refused by an error.

    Returns:
        What follows, to ring for after the commit.

    Raises:
        ClaimLostError, StaleSyncError, EventRefusedError: somebody was faster.
    """
    words = " ".join(reason.split())[:LONGEST_REASON]
    if not words:
        return NO_REASON
    row = _locked(tx, work_id)
    if row is None:
        return GONE
    if row.given_up_at is not None:
        return Refused("It was given up before. Nothing was changed.")
    tx.conn.execute(
        sa.update(outbox).where(outbox.c.id == work_id).values(epoch=outbox.c.epoch + 1)
    )
    _note(tx, row, GIVE_UP, person, words)
    endings.end(tx, _taken_over(row), Cause(f"given up by an operator: {words}", person.who))
    return tuple(tx.work)


def latest(conn: sa.Connection, limit: int = 20) -> list[ActionRow]:
    """What was done, newest first."""
    columns = [operator_actions.c[name] for name in ActionRow.__dataclass_fields__]
    rows = conn.execute(
        sa.select(*columns)
        .order_by(operator_actions.c.at.desc(), operator_actions.c.id)
        .limit(limit)
    )
    return [ActionRow(*row) for row in rows]


def _locked(tx: Transaction, work_id: int) -> sa.Row[Any] | None:
    """The row, which nobody else changes until the end; only of work that this program knows."""
    return tx.conn.execute(
        sa.select(outbox)
        .where(outbox.c.id == work_id, outbox.c.work.in_(tuple(Work)))
        .with_for_update()
    ).one_or_none()


def _taken_over(row: sa.Row[Any]) -> Claim:
    return Claim(
        row.id,
        row.epoch + 1,
        Work(row.work),
        Queue.named(row.queue),
        row.district_id,
        row.sync_id,
        row.subject,
        row.attempts,
        row.failures,
        None,
    )


def _note(tx: Transaction, row: sa.Row[Any], action: str, person: Person, reason: str) -> None:
    tx.conn.execute(
        sa.insert(operator_actions).values(
            id=str(ULID.from_datetime(tx.now)),
            district_id=row.district_id,
            sync_id=row.sync_id,
            work_id=row.id,
            work=row.work,
            action=action,
            reason=" ".join(reason.split())[:LONGEST_REASON],
            last_error=row.last_error,
            who=person.who,
            from_where=person.from_where,
            at=tx.now,
        )
    )
