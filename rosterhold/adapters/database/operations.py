"""What operators look at: work, workers, mails, the last day. Only reads, one query a function."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from rosterhold.adapters.database import processes
from rosterhold.adapters.database.census import LAST_DAY, Standing, standing
from rosterhold.adapters.database.tables import (
    districts,
    emails,
    findings,
    holds,
    outbox,
    syncs,
    transitions,
)
from rosterhold.adapters.database.tables import processes as processes_table
from rosterhold.statemachine.reasons import Reason

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A piece of work as it stands."""

    id: int
    work: str
    queue: str
    district_id: str
    district_name: str
    sync_id: str | None
    created_at: datetime
    due_at: datetime
    attempts: int
    failures: int
    last_error: str | None
    given_up_at: datetime | None
    leased_until: datetime | None
    standing: str


@dataclass(frozen=True, slots=True)
class Doing:
    """A piece of work that a worker is at.

    Attributes:
        since: when its sync came into the state it is in.
        claimed_at: since when this process is at it.
        process_id: whose it is; None when the process has not told that it lives.
    """

    work: str
    queue: str
    district_id: str
    district_name: str
    sync_id: str | None
    attempts: int
    since: datetime | None
    claimed_at: datetime | None
    process_id: str | None
    role: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class ProcessLine:
    id: str
    role: str
    started_at: datetime
    seen_at: datetime
    place: str | None


@dataclass(frozen=True, slots=True)
class MailLine:
    id: str
    district_id: str
    district_name: str
    sync_id: str | None
    template: str
    recipient: str
    status: str
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


Columns = Sequence[sa.ColumnElement[Any]]


def work_lines(
    conn: sa.Connection,
    now: datetime,
    *,
    queue: str = "",
    stands: str = "",
    page: int = 1,
) -> tuple[list[WorkLine], int]:
    """A page of the outbox, what failed most often first, and how much there is in all."""
    how = standing(now).label("standing")
    query = sa.select(
        *_of_outbox(WorkLine, skip={"district_name", "standing"}),
        districts.c.name.label("district_name"),
        how,
        sa.func.count().over().label("total"),
    ).join(districts, districts.c.id == outbox.c.district_id)
    if queue:
        query = query.where(outbox.c.queue == queue)
    if stands == TROUBLED:
        query = query.where(how.in_([Standing.RETRYING, Standing.GIVEN_UP]))
    elif stands:
        query = query.where(how == stands)
    query = query.order_by(
        outbox.c.given_up_at.is_(None), outbox.c.failures.desc(), outbox.c.due_at, outbox.c.id
    )
    rows = conn.execute(query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    lines = [_line(WorkLine, row) for row in rows]
    return lines, rows[0].total if rows else 0


# What is listed when somebody asks for trouble: failing or given up.
TROUBLED: Final = "troubled"


def doing(conn: sa.Connection, now: datetime, limit: int = PAGE_SIZE) -> list[Doing]:
    """What workers are at, the longest first."""
    rows = conn.execute(
        sa.select(
            outbox.c.work,
            outbox.c.queue,
            outbox.c.district_id,
            districts.c.name,
            outbox.c.sync_id,
            outbox.c.attempts,
            transitions.c.at,
            outbox.c.claimed_at,
            outbox.c.process_id,
            processes_table.c.role,
            processes_table.c.place,
        )
        .join(districts, districts.c.id == outbox.c.district_id)
        .outerjoin(syncs, syncs.c.id == outbox.c.sync_id)
        .outerjoin(
            transitions,
            sa.and_(transitions.c.sync_id == syncs.c.id, transitions.c.seq == syncs.c.version),
        )
        .outerjoin(processes_table, processes_table.c.id == outbox.c.process_id)
        .where(outbox.c.leased_until >= now, outbox.c.given_up_at.is_(None))
        .order_by(outbox.c.claimed_at, outbox.c.id)
        .limit(limit)
    )
    return [Doing(*row) for row in rows]


def at_work(conn: sa.Connection, now: datetime) -> dict[str, tuple[int, datetime]]:
    """Process → how much it is at, and since when it is at the oldest of that."""
    rows = conn.execute(
        sa.select(
            outbox.c.process_id,
            sa.func.count().label("number"),
            sa.func.min(outbox.c.claimed_at).label("since"),
        )
        .where(outbox.c.leased_until >= now, outbox.c.given_up_at.is_(None))
        .where(outbox.c.process_id.is_not(None))
        .group_by(outbox.c.process_id)
    )
    return {row.process_id: (row.number, row.since) for row in rows}


def living(conn: sa.Connection, now: datetime) -> list[ProcessLine]:
    """The processes that live, the oldest first."""
    columns = [processes_table.c[name] for name in ProcessLine.__dataclass_fields__]
    rows = conn.execute(
        sa.select(*columns)
        .where(processes.is_alive(now))
        .order_by(processes_table.c.role, processes_table.c.started_at)
    )
    return [ProcessLine(*row) for row in rows]


def mail_lines(
    conn: sa.Connection, *, status: str = "", page: int = 1
) -> tuple[list[MailLine], int]:
    """A page of mails, newest first; whether there are more is told by one line more."""
    columns = [emails.c[name] for name in MailLine.__dataclass_fields__ if name in emails.c]
    query = sa.select(*columns, districts.c.name.label("district_name")).join(
        districts, districts.c.id == emails.c.district_id
    )
    if status:
        query = query.where(emails.c.status == status)
    query = query.order_by(emails.c.created_at.desc(), emails.c.id.desc())
    rows = conn.execute(query.limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE)).all()
    return [_line(MailLine, row) for row in rows[:PAGE_SIZE]], len(rows)


def last_errors(conn: sa.Connection) -> dict[str, str]:
    """Queue → what the work that failed most often failed with last."""
    ranked = (
        sa.select(
            outbox.c.queue,
            outbox.c.last_error,
            sa.func.row_number()
            .over(partition_by=outbox.c.queue, order_by=(outbox.c.failures.desc(), outbox.c.id))
            .label("place"),
        )
        .where(outbox.c.last_error.is_not(None))
        .subquery()
    )
    rows = conn.execute(sa.select(ranked.c.queue, ranked.c.last_error).where(ranked.c.place == 1))
    return {row.queue: row.last_error for row in rows}


def disconnected_because(conn: sa.Connection) -> dict[str, int]:
    """Why districts are disconnected now: code of the refusal → districts."""
    rows = conn.execute(
        sa.select(findings.c.rule, sa.func.count(sa.distinct(holds.c.sync_id)).label("number"))
        .join(
            holds,
            sa.and_(
                holds.c.sync_id == findings.c.sync_id,
                holds.c.evaluation_no == findings.c.evaluation_no,
                holds.c.reason == findings.c.reason,
            ),
        )
        .where(holds.c.resolved_at.is_(None), holds.c.reason == Reason.DISCONNECTED.value)
        .group_by(findings.c.rule)
    )
    return {row.rule: row.number for row in rows}


def syncs_by_hour(conn: sa.Connection, now: datetime) -> dict[tuple[int, str], int]:
    """Hours since 1970 and final state → syncs that ended then, in the last day."""
    hour = _hour_of(conn, syncs.c.finished_at)
    return _counted(conn, hour, syncs.c.state, syncs.c.finished_at > now - LAST_DAY)


def mails_by_hour(conn: sa.Connection, now: datetime) -> dict[tuple[int, str], int]:
    """Hours since 1970 and status → mails that were written then, in the last day."""
    hour = _hour_of(conn, emails.c.created_at)
    return _counted(conn, hour, emails.c.status, emails.c.created_at > now - LAST_DAY)


def _counted(
    conn: sa.Connection,
    hour: sa.ColumnElement[int],
    by: sa.ColumnElement[Any],
    which: sa.ColumnElement[bool],
) -> dict[tuple[int, str], int]:
    rows = conn.execute(sa.select(hour, by, sa.func.count()).where(which).group_by(hour, by))
    return {(int(at), name): number for at, name, number in rows}


def _hour_of(conn: sa.Connection, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    if conn.dialect.name == "sqlite":
        seconds = sa.cast(sa.func.strftime("%s", sa.type_coerce(column, sa.Text)), sa.Integer)
        return seconds // sa.literal_column("3600", sa.Integer)
    return sa.cast(sa.func.floor(sa.extract("epoch", column) / 3600), sa.Integer)


def _of_outbox(line: Any, skip: set[str]) -> Columns:
    return [outbox.c[name] for name in line.__dataclass_fields__ if name not in skip]


def _line(line: Any, row: Any) -> Any:
    named = row._mapping  # noqa: SLF001 - SQLAlchemy's public mapping view
    return line(**{name: named[name] for name in line.__dataclass_fields__})
