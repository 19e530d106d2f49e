"""Pages of lists, in an order that stays: each begins after the last row of the one before.

`tenant` is the one district whose rows are there; None for those of all.
"""

import sqlalchemy as sa

from rosterhold.adapters.database import districts
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.tables import districts as districts_table


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
