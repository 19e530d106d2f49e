"""The outbox: a row is a piece of work, written in the transaction that needs it.

The row is also the right to do the work (claims.py): the worker deletes it in the transaction of
its effect. A message only says *look at this row*; a lost, doubled, late or reordered one changes
nothing but the time.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.prepared import Prepared, prepare
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import districts, outbox, syncs
from rosterhold.statemachine.chart import ENDS_WITH_SYNC, SYNC_STEPS, Work

# How long a message that nobody answered is trusted, by how often it was sent, in seconds. The last
# is how long work can lie at worst: a message can be lost at any time, not only the first one.
RESEND_AFTER_S: Final = (5, 15, 25)
# The same for work that nobody began, while its queue holds messages: this one is probably among
# them, and another one would only make the queue longer.
RESEND_AFTER_BUSY_S: Final = (20, 40, 60)
SWEEP_LIMIT: Final = 200
RING_TIME: Final = timedelta(milliseconds=300)

# A roster of so many records keeps a worker busy for minutes.
LARGE_RECORDS: Final = 250_000


class Queue(StrEnum):
    """Where work waits. Each has its turn, so a night's work keeps nobody waiting."""

    URGENT = "urgent"
    NIGHTLY = "nightly"
    LARGE = "large"
    EMAIL = "email"
    WEBHOOK = "webhook"

    @classmethod
    def named(cls, name: str) -> "Queue":
        """The queue of a row; of one that another version names otherwise, the urgent one."""
        return cls(name) if name in _QUEUES else cls.URGENT


_QUEUES: Final = frozenset(Queue)
# Where errands wait, whatever they follow.
_OWN_QUEUE: Final = {
    Work.EMAIL: Queue.EMAIL,
    Work.REMIND: Queue.EMAIL,
    Work.WEBHOOK: Queue.WEBHOOK,
    Work.EVENTS: Queue.NIGHTLY,
}


class Written(NamedTuple):
    """A piece of work that was written: what the doorbell is rung for.

    Attributes:
        sync: the sync as that same transaction left it, for whoever goes on with it at once.
    """

    work_id: int
    work: Work
    queue: Queue
    sync: SyncRow | None = None


def add(
    tx: Transaction,
    work: Work,
    *,
    district_id: str,
    sync_id: str | None,
    queue: Queue | None = None,
    sync: SyncRow | None = None,
    subject: str = "",
    due_at: datetime | None = None,
) -> None:
    """Write a piece of work. It may be done once the transaction is committed, from `due_at` on.

    What follows a claimed step waits in that one's queue, everything else in `queue`. `sync` is the
    sync as this transaction leaves it; `subject` names what the work is about when that is not the
    sync (the id of a mail).
    """
    waits = queue_of(tx, work, queue)
    born_leased = is_born_leased(tx, work)
    insert = sa.insert(outbox).values(
        work=work.value,
        district_id=district_id,
        sync_id=sync_id,
        subject=subject,
        queue=waits.value,
        created_at=tx.moment,
        due_at=due_at or tx.moment,
        sends=0,
        epoch=int(born_leased),
        attempts=int(born_leased),
        leased_until=tx.moment + tx.lease if born_leased else None,
        process_id=tx.process_id if born_leased else None,
        claimed_at=tx.moment if born_leased else None,
    )
    work_id = tx.conn.execute(insert.returning(outbox.c.id)).scalar_one()
    if due_at is None or due_at <= tx.now:
        tx.work.append(Written(work_id, work, waits, sync))


def queue_of(tx: Transaction, work: Work, queue: Queue | None) -> Queue:
    """Where new work waits: what follows a claimed step in the queue of that one."""
    if work in _OWN_QUEUE:
        return _OWN_QUEUE[work]
    if tx.claim is not None:
        return tx.claim.queue
    return queue or Queue.URGENT


def is_born_leased(tx: Transaction, work: Work) -> bool:
    """Whether the worker whose transaction this is goes on with it."""
    return tx.claim is not None and tx.claim.goes_on and work in SYNC_STEPS


def queue_for(tx: Transaction, district_id: str, otherwise: Queue) -> tuple[datetime, Queue]:
    """The time, and where the work of a district waits: among the large ones, by its roster."""
    if tx.is_sqlite:
        now, counts = tx.now, tx.conn.execute(_counts(), {"own_district": district_id}).scalar()
    else:
        asked = _time_and_counts(tx.dialect)
        row = tx.at_once(asked.sql, asked.parameters({"own_district": district_id}))
        now, counts = asked.row(row or ())
    records = sum(kind.get("total", 0) for kind in (counts or {}).values())
    return now, Queue.LARGE if records >= LARGE_RECORDS else otherwise


def _counts() -> sa.Select[Any]:
    return sa.select(syncs.c.counts).where(
        districts.c.id == sa.bindparam("own_district"), syncs.c.id == districts.c.baseline_sync_id
    )


@cache
def _time_and_counts(dialect: sa.Dialect) -> Prepared:
    asked = sa.select(sa.func.clock_timestamp(), _counts().scalar_subquery())
    return prepare(asked, dialect, types={}, columns=(syncs.c.started_at, syncs.c.counts))


def drop_for_sync(tx: Transaction, sync_id: str) -> None:
    """Take back the steps of a sync that is over, and its reminders; its mails still go out."""
    tx.conn.execute(
        sa.delete(outbox).where(outbox.c.sync_id == sync_id, outbox.c.work.in_(ENDS_WITH_SYNC))
    )


def wake(tx: Transaction, work_id: int) -> None:
    """Let work that waits for its time be done now, unless somebody is at it or it was given up."""
    row = tx.conn.execute(
        sa.update(outbox)
        .where(outbox.c.id == work_id, outbox.c.given_up_at.is_(None))
        .values(due_at=tx.moment, sent_at=None)
        .returning(outbox.c.work, outbox.c.queue)
    ).one_or_none()
    if row is not None:
        tx.work.append(Written(work_id, Work(row.work), Queue.named(row.queue)))


def is_free(now: Any) -> sa.ColumnElement[bool]:
    """Whether nobody is at a row: it was never leased, or the lease ran out."""
    return sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < now)


class Idle(NamedTuple):
    """Work that is due and that nobody is at.

    Attributes:
        unanswered: its message was not sent, or not answered.
        abandoned: somebody began it without an end or a failure: the process died, stopped or put
            it off. What failed after that is still among these.
    """

    unanswered: Sequence[Written]
    abandoned: Sequence[Written]


def idle(conn: sa.Connection, now: datetime, *, busy: Collection[str] = ()) -> Idle:
    """Work that waits for somebody, and for no message that may still come.

    In the queues that are `busy`, those that hold messages, the first message of a piece of work is
    trusted for longer.

    Returns:
        At most SWEEP_LIMIT, what was abandoned first, then the oldest. What only a newer version
        knows is left to it.
    """
    # The message of a new row is still on its way: its writer rings after the commit.
    silent = sa.or_(
        sa.and_(outbox.c.sent_at.is_(None), outbox.c.due_at <= now - RING_TIME),
        outbox.c.sent_at < _patience(now, RESEND_AFTER_S, first_sends=1),
    )
    told = sa.func.coalesce(outbox.c.sent_at, outbox.c.due_at)
    # What was begun before had its message; if it needs another one, none is on its way.
    may_be_queued = sa.and_(outbox.c.queue.in_(busy), outbox.c.attempts == 0)
    quiet = sa.case(
        (may_be_queued, told < _patience(now, RESEND_AFTER_BUSY_S, first_sends=0)), else_=silent
    )
    abandoned = outbox.c.epoch > outbox.c.failures
    rows = conn.execute(
        sa.select(
            outbox.c.id,
            outbox.c.work,
            outbox.c.queue,
            quiet.label("is_unanswered"),
            abandoned.label("is_abandoned"),
        )
        .where(outbox.c.due_at <= now, outbox.c.given_up_at.is_(None), is_free(now))
        .where(outbox.c.work.in_(tuple(Work)), sa.or_(quiet, abandoned))
        .order_by(abandoned.desc(), outbox.c.due_at, outbox.c.id)
        .limit(SWEEP_LIMIT)
    ).all()
    found = [(row, Written(row.id, Work(row.work), Queue.named(row.queue))) for row in rows]
    return Idle(
        [written for row, written in found if row.is_unanswered],
        [written for row, written in found if row.is_abandoned],
    )


def _patience(
    now: datetime, waits_s: Sequence[int], *, first_sends: int
) -> sa.ColumnElement[datetime]:
    """The time since which a message is trusted, by how often it was sent."""

    def ago(seconds: int) -> sa.BindParameter[datetime]:
        return sa.literal(now - timedelta(seconds=seconds), outbox.c.sent_at.type)

    by_sends = enumerate(waits_s, start=first_sends)
    return sa.case(
        *((outbox.c.sends == sends, ago(seconds)) for sends, seconds in by_sends),
        else_=ago(waits_s[-1]),
    )


def mark_sent(
    tx: Transaction, work_ids: Iterable[int], *, found_at: datetime | None = None
) -> None:
    """Note that messages were sent, but of no work that somebody is just taking or ending.

    Sweeps of several processes find the same work at the same time: what another one noted after
    `found_at` is not counted again, or patience would grow with the number of processes.
    """
    sent = sa.select(outbox.c.id).where(outbox.c.id.in_(list(work_ids)))
    if found_at is not None:
        sent = sent.where(sa.or_(outbox.c.sent_at.is_(None), outbox.c.sent_at < found_at))
    sent = sent.with_for_update(skip_locked=True)
    update = sa.update(outbox).where(outbox.c.id.in_(sent))
    tx.conn.execute(update.values(sent_at=tx.now, sends=outbox.c.sends + 1))


def forget_messages(tx: Transaction) -> int:
    """Trust no message that was sent so far: the queue was emptied.

    Returns:
        How many pieces of work wait for one again.
    """
    sent = sa.and_(outbox.c.sent_at.is_not(None), is_free(tx.now))
    result = tx.conn.execute(sa.update(outbox).where(sent).values(sent_at=None, sends=0))
    return result.rowcount


def waiting(conn: sa.Connection, *, district_id: str | None = None) -> int:
    """How many pieces of work are not done and not given up."""
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.given_up_at.is_(None))
    if district_id is not None:
        query = query.where(outbox.c.district_id == district_id)
    return conn.execute(query).scalar_one()
