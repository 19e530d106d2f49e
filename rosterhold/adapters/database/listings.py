"""Pages of lists, in an order that stays: each begins after the last row of the one before.

`tenant` is the one district whose rows are there; None for those of all.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from rosterhold.adapters.database import districts, views
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.tables import districts as districts_table
from rosterhold.adapters.database.tables import syncs
from rosterhold.adapters.database.views import SyncView
from rosterhold.statemachine.chart import SyncState


def districts_after(
    conn: sa.Connection, tenant: str | None, *, after: str, limit: int
) -> list[DistrictRow]:
    """Districts by their id."""
    rows = conn.execute(
        sa.select(districts_table)
        .where(
            sa.true() if tenant is None else districts_table.c.id == tenant,
            districts_table.c.id > after,
        )
        .order_by(districts_table.c.id)
        .limit(limit)
    )
    return [districts.as_district(row) for row in rows]


def syncs_before(
    conn: sa.Connection,
    tenant: str | None,
    *,
    states: Collection[str],
    before: str | None,
    limit: int,
) -> list[SyncView]:
    """The newest syncs first, by their id, which begins with their time; any state without one."""
    query = views.select_syncs().order_by(syncs.c.id.desc()).limit(limit)
    if tenant is not None:
        query = query.where(syncs.c.district_id == tenant)
    if states:
        query = query.where(syncs.c.state.in_(states))
    if before is not None:
        query = query.where(syncs.c.id < before)
    return [views.as_view(row, {}) for row in conn.execute(query)]


def held_after(
    conn: sa.Connection,
    tenant: str | None,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[SyncView]:
    """The syncs on hold, the oldest hold first."""
    held = [state.value for state in SyncState if state.is_on_hold]
    query = (
        views.select_syncs()
        .where(syncs.c.finished_at.is_(None), syncs.c.state.in_(held))
        .order_by(syncs.c.held_since, syncs.c.id)
        .limit(limit)
    )
    if tenant is not None:
        query = query.where(syncs.c.district_id == tenant)
    if after is not None:
        since, sync_id = after
        query = query.where(
            sa.or_(
                syncs.c.held_since > since,
                sa.and_(syncs.c.held_since == since, syncs.c.id > sync_id),
            )
        )
    return [views.as_view(row, {}) for row in conn.execute(query)]
