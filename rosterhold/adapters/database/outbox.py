"""The outbox: a row is a piece of work, written in the transaction that needs it.

The row is also the right to do the work (claims.py): the worker deletes it in the transaction of
its effect. A message only says *look at this row*; a lost, doubled, late or reordered one changes
nothing but the time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import outbox
from rosterhold.statemachine.chart import Work

# Urgent work is what somebody waits for.
QUEUES: Final[dict[Work, str]] = {
    Work.FETCH: "fetch",
    Work.EVALUATE: "evaluate",
    Work.APPLY: "apply",
    Work.RESUME: "urgent",
    Work.EMAIL: "email",
}

# The steps of a sync: each follows another. A mail follows one, and goes its own way.
STEPS: Final = frozenset(Work) - {Work.EMAIL}

# How long a worker that does not say that it lives keeps its work.
LEASE: Final = timedelta(seconds=20)

# How long a message that nobody answered is trusted, by how often it was sent, in seconds. The last
# is how long work can lie at worst: a message can be lost at any time, not only the first one.
RESEND_AFTER_S: Final = (5, 15, 25)
SWEEP_LIMIT: Final = 200
RING_TIME: Final = timedelta(milliseconds=300)


def add(
    tx: Transaction,
    work: Work,
    *,
    district_id: str,
    sync_id: str | None,
    subject: str = "",
    due_at: datetime | None = None,
) -> int:
    """Write a piece of work. It may be done as soon as the transaction is committed.

    `subject` names what it is about when that is not the sync (the id of a mail).
    """
    row = {
        "work": work.value,
        "district_id": district_id,
        "sync_id": sync_id,
        "subject": subject,
        "queue": QUEUES[work],
        "created_at": tx.now,
        "due_at": due_at or tx.now,
        "sends": 0,
        **_lease(tx, work),
    }
    work_id: int = tx.conn.execute(
        sa.insert(outbox).values(row).returning(outbox.c.id)
    ).scalar_one()
    tx.work.append((work_id, work.value))
    return work_id


def _lease(tx: Transaction, work: Work) -> dict[str, object]:
    if tx.goes_on and work in STEPS:
        return {"epoch": 1, "attempts": 1, "leased_until": tx.now + LEASE}
    return {"epoch": 0, "attempts": 0, "leased_until": None}


def drop_for_sync(tx: Transaction, sync_id: str) -> None:
    """Take back the steps of a sync that is over; its mails still go out."""
    tx.conn.execute(
        sa.delete(outbox).where(outbox.c.sync_id == sync_id, outbox.c.work != Work.EMAIL.value)
    )


def unanswered(conn: sa.Connection, now: datetime) -> Sequence[tuple[int, str]]:
    """Work that is due, that nobody is at, and whose message was not sent or not answered.

    Returns:
        Pairs of the row's id and its work's name, oldest first, at most SWEEP_LIMIT.
    """
    free = sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < now)
    patience = sa.case(
        *(
            (outbox.c.sends == sends, _ago(now, seconds))
            for sends, seconds in enumerate(RESEND_AFTER_S, start=1)
        ),
        else_=_ago(now, RESEND_AFTER_S[-1]),
    )
    # The message of a new row is still on its way: its writer rings after the commit.
    unsent = sa.and_(outbox.c.sent_at.is_(None), outbox.c.due_at <= now - RING_TIME)
    quiet = sa.or_(unsent, outbox.c.sent_at < patience)
    rows = conn.execute(
        sa.select(outbox.c.id, outbox.c.work)
        .where(outbox.c.due_at <= now, outbox.c.given_up_at.is_(None), free, quiet)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(SWEEP_LIMIT)
    )
    return [(row.id, row.work) for row in rows]


def _ago(now: datetime, seconds: int) -> sa.BindParameter[datetime]:
    return sa.literal(now - timedelta(seconds=seconds), outbox.c.sent_at.type)


def mark_sent(
    tx: Transaction, work_ids: Sequence[int], *, found_at: datetime | None = None
) -> None:
    """Note that messages were sent.

    Sweeps of several processes find the same work at the same time: what another one noted after
    `found_at` is not counted again, or patience would grow with the number of processes.
    """
    if not work_ids:
        return
    update = sa.update(outbox).where(outbox.c.id.in_(work_ids))
    if found_at is not None:
        update = update.where(sa.or_(outbox.c.sent_at.is_(None), outbox.c.sent_at < found_at))
    tx.conn.execute(update.values(sent_at=tx.now, sends=outbox.c.sends + 1))


def forget_messages(tx: Transaction) -> int:
    """Trust no message that was sent so far: the queue was emptied.

    Returns:
        How many pieces of work wait for one again.
    """
    free = sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < tx.now)
    result = tx.conn.execute(
        sa.update(outbox).where(outbox.c.sent_at.is_not(None), free).values(sent_at=None, sends=0)
    )
    return result.rowcount


def waiting(conn: sa.Connection, *, district_id: str | None = None) -> int:
    """How many pieces of work are not done and not given up."""
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.given_up_at.is_(None))
    if district_id is not None:
        query = query.where(outbox.c.district_id == district_id)
    return conn.execute(query).scalar_one()
