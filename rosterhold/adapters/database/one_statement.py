"""A transition as PostgreSQL writes it: one statement, with all that belongs to it.

A statement is whole or has not been, so it needs no transaction around it: a step whose only effect
is its transition costs one round trip instead of seven. Nothing here decides anything.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rosterhold.adapters.database.engine import STATEMENT_TIME, Transaction
from rosterhold.adapters.database.prepared import Prepared, prepare
from rosterhold.adapters.database.tables import holds, outbox, syncs, transitions
from rosterhold.statemachine.chart import ENDS_WITH_SYNC

# As literals: the statement is compiled once, with no list to be expanded later.
_DROPPED: Final[list[sa.ColumnElement[str]]] = [
    sa.literal_column(f"'{work}'") for work in sorted(ENDS_WITH_SYNC)
]
# The columns of a new sync that are given; its ids and its time are besides.
OPENED: Final = (
    "state",
    "version",
    "trigger",
    "fetch_no",
    "evaluation_no",
    "counts",
    "set_aside",
)
NOT_NULL_VIOLATION: Final = "23502"


class NothingMovedError(Exception):
    """Raised when the claim is lost, or the sync is no longer in the version that was seen."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the statement consists of; its values are parameters.

    Attributes:
        settles: whether it deletes the row of a claim (``own_work``, ``own_epoch``).
        changed: the columns of the sync that it sets, to ``set_…``.
        timed: the columns of the sync that it sets to the time.
        is_final: whether it takes the sync's work back and closes its holds.
        goes_to_work: whether it writes the work that follows (``next_…``).
        born_leased: whether that is claimed already, for ``next_lease``, by
            ``next_process``.
    """

    settles: bool
    changed: frozenset[str]
    timed: frozenset[str]
    is_final: bool
    goes_to_work: bool
    born_leased: bool


def execute(tx: Transaction, shape: Shape, values: dict[str, Any]) -> int | None:
    """Write it.

    Returns:
        The id of the work that follows, if some does.

    Raises:
        NothingMovedError: nothing was written, and nothing else can be in this transaction.
    """
    prepared = _prepared(shape, tx.dialect)
    try:
        row = tx.at_once(prepared.sql, prepared.parameters(values))
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == NOT_NULL_VIOLATION:
            raise NothingMovedError from error
        raise
    return None if row is None else row[0]


def open_sync(tx: Transaction, values: dict[str, Any], *, born_leased: bool) -> int:
    """Write a new sync, the first line of its history, and its first work.

    Returns:
        The id of the work.

    Raises:
        sqlalchemy.exc.IntegrityError: its district has an open sync; nothing was written.
    """
    prepared = _prepared_opening(tx.dialect, born_leased=born_leased)
    work_id: int
    (work_id,) = tx.at_once(prepared.sql, prepared.parameters(values)) or ()
    return work_id


@cache
def _prepared_opening(dialect: sa.Dialect, *, born_leased: bool) -> Prepared:
    opened = (
        sa.insert(syncs)
        .values(
            **{name: sa.bindparam(f"set_{name}", type_=syncs.c[name].type) for name in OPENED},
            id=sa.bindparam("next_sync"),
            district_id=sa.bindparam("next_district"),
            started_at=STATEMENT_TIME,
        )
        .returning(syncs.c.id)
        .cte("opened")
    )
    statement = _next_row(born_leased=born_leased).add_cte(_line(opened).cte("history"))
    types = {f"set_{name}": syncs.c[name].type for name in OPENED}
    return prepare(statement, dialect, types=types)


@cache
def _prepared(shape: Shape, dialect: sa.Dialect) -> Prepared:
    types = {f"set_{name}": syncs.c[name].type for name in shape.changed}
    return prepare(statement(shape), dialect, types=types)


@cache
def statement(shape: Shape) -> Any:
    """The statement of a shape; there are few."""
    moved = _moved(shape)
    # The history takes its sync from the row that moved. If none did, the database refuses the
    # history for the lack of it, and with it everything else.
    history = _line(moved)
    if shape.is_final:
        history = history.add_cte(_closed(moved))
    if not shape.goes_to_work:
        return history
    return _next_row(born_leased=shape.born_leased).add_cte(history.cte("history"))


def _line(of: sa.CTE) -> Any:
    """The line of the history of a sync, whose row another part of the statement gives."""
    return sa.insert(transitions).values(
        sync_id=sa.select(of.c.id).scalar_subquery(),
        seq=sa.bindparam("line_seq", type_=transitions.c.seq.type),
        from_state=sa.bindparam("line_from_state", type_=transitions.c.from_state.type),
        to_state=sa.bindparam("line_to_state"),
        event=sa.bindparam("line_event"),
        why=sa.bindparam("line_why"),
        who=sa.bindparam("line_who"),
        at=STATEMENT_TIME,
    )


def _moved(shape: Shape) -> sa.CTE:
    """The sync, if it is as it was seen; its work before it, as whoever settles takes them."""
    first: list[sa.ColumnElement[bool]] = []
    if shape.settles:
        own = (outbox.c.id == sa.bindparam("own_work"), outbox.c.epoch == sa.bindparam("own_epoch"))
        settled = sa.delete(outbox).where(*own).returning(outbox.c.id).cte("settled")
        first.append(sa.exists(sa.select(settled.c.id)))
    if shape.is_final:
        others = [outbox.c.id != sa.bindparam("own_work")] if shape.settles else []
        dropped = (
            sa.delete(outbox)
            .where(outbox.c.sync_id == sa.bindparam("own_sync"))
            .where(outbox.c.work.in_(_DROPPED), *others)
            .returning(outbox.c.id)
            .cte("dropped")
        )
        count = sa.select(sa.func.count()).select_from(dropped).scalar_subquery()
        first.append(count >= 0)
    given = {name: sa.bindparam(f"set_{name}", type_=syncs.c[name].type) for name in shape.changed}
    return (
        sa.update(syncs)
        .where(
            syncs.c.id == sa.bindparam("own_sync"), syncs.c.version == sa.bindparam("own_version")
        )
        .where(*first)
        .values(**given, **dict.fromkeys(shape.timed, STATEMENT_TIME))
        .returning(syncs.c.id)
        .cte("moved")
    )


def _closed(moved: sa.CTE) -> sa.CTE:
    """Nothing of a sync that is over waits for anybody."""
    return (
        sa.update(holds)
        .where(holds.c.sync_id == sa.select(moved.c.id).scalar_subquery())
        .where(holds.c.resolved_at.is_(None))
        .values(resolved_at=STATEMENT_TIME, resolution=sa.bindparam("line_to_state"))
        .cte("closed")
    )


def _next_row(*, born_leased: bool) -> Any:
    until = STATEMENT_TIME + sa.bindparam("next_lease", type_=sa.Interval())
    leased: dict[str, Any] = {}
    if born_leased:
        by = sa.bindparam("next_process", type_=outbox.c.process_id.type)
        leased = {"leased_until": until, "process_id": by, "claimed_at": STATEMENT_TIME}
    return (
        sa.insert(outbox)
        .values(
            work=sa.bindparam("next_work"),
            queue=sa.bindparam("next_queue"),
            district_id=sa.bindparam("next_district"),
            sync_id=sa.bindparam("next_sync"),
            subject="",
            created_at=STATEMENT_TIME,
            due_at=STATEMENT_TIME,
            sends=0,
            epoch=int(born_leased),
            attempts=int(born_leased),
            **leased,
        )
        .returning(outbox.c.id)
    )
