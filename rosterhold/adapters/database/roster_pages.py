"""The applied roster of a district, a page at a time, in the order of its unique index."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rosterhold.adapters.database.roster_tables import ROSTER, part_id
from rosterhold.roster.kinds import Kind


@dataclass(frozen=True, slots=True)
class RosterQuery:
    """Which records of a kind.

    Attributes:
        active: only those that are, or only those that were removed; None for both.
        updated_since: only those that changed or were removed then or later.
    """

    active: bool | None = True
    updated_since: datetime | None = None


def key_of(kind: Kind) -> tuple[str, ...]:
    """The columns that records of a kind are sorted by."""
    return tuple(part_id(name) for name in kind.key) if kind.is_pair else kind.key


def records_after(
    conn: sa.Connection,
    district_id: str,
    kind: Kind,
    query: RosterQuery,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Records by their Clever id, pairs by the own ids of their parts: column → value."""
    table = ROSTER[kind.name]
    key = [table.c[name] for name in key_of(kind)]
    wanted = [table.c.district_id == district_id]
    if query.active is not None:
        wanted.append(table.c.active if query.active else ~table.c.active)
    if query.updated_since is not None:
        since = query.updated_since
        wanted.append(sa.or_(table.c.changed_at >= since, table.c.removed_at >= since))
    if after is not None:
        wanted.append(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
    rows = conn.execute(_select(table).where(*wanted).order_by(*key).limit(limit))
    return [dict(row) for row in rows.mappings()]


def record(conn: sa.Connection, district_id: str, kind: Kind, own_id: int) -> dict[str, Any] | None:
    """One record by its own id."""
    table = ROSTER[kind.name]
    found = conn.execute(
        _select(table).where(table.c.district_id == district_id, table.c.id == own_id)
    ).mappings()
    row = found.one_or_none()
    return None if row is None else dict(row)


def _select(table: sa.Table) -> sa.Select[Any]:
    return sa.select(*(column for column in table.c if column.name != "district_id"))
