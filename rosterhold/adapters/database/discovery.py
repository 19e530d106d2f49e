"""Districts found at Clever: those that wait for set-up, and those that took the grant back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from rosterhold.adapters.database.discovery_tables import waiting_districts
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import districts

# A district may share more a day after it granted the app; its size is asked for again.
DESCRIBED_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WaitingDistrict:
    """A district that granted the app and is not set up; None for what Clever has not said."""

    clever_id: str
    name: str | None
    contact_name: str | None
    contact_email: str | None
    schools: int | None
    students: int | None
    seen_at: datetime
    described_at: datetime | None


@dataclass(frozen=True, slots=True)
class Noted:
    """What a reading of all grants changed: Clever ids, sorted.

    Attributes:
        new: wait for set-up from now on.
        lost: are set up, and took the grant back.
        back: are set up, and granted the app again.
    """

    new: tuple[str, ...]
    lost: tuple[str, ...]
    back: tuple[str, ...]


def note(tx: Transaction, granted: Collection[str]) -> Noted:
    """Note which districts granted the app, by their Clever ids."""
    granted = set(granted)
    known = {
        row.clever_id: row.disconnected_since
        for row in tx.conn.execute(sa.select(districts.c.clever_id, districts.c.disconnected_since))
    }
    waited = set(tx.conn.execute(sa.select(waiting_districts.c.clever_id)).scalars())
    waits = granted - known.keys()
    noted = Noted(
        new=tuple(sorted(waits - waited)),
        lost=tuple(sorted(id_ for id_, at in known.items() if at is None and id_ not in granted)),
        back=tuple(sorted(id_ for id_, at in known.items() if at is not None and id_ in granted)),
    )
    for clever_id in sorted(waited - waits):
        remove(tx, clever_id)
    if noted.new:
        new = [{"clever_id": clever_id, "seen_at": tx.now} for clever_id in noted.new]
        tx.conn.execute(sa.insert(waiting_districts), new)
    for ids, since in ((noted.lost, tx.now), (noted.back, None)):
        for clever_id in ids:
            own = sa.update(districts).where(districts.c.clever_id == clever_id)
            tx.conn.execute(own.values(disconnected_since=since))
    return noted


def undescribed(conn: sa.Connection, now: datetime, limit: int) -> list[str]:
    """Clever ids of waiting districts that Clever is to be asked about, the longest known first."""
    at = waiting_districts.c.described_at
    return list(
        conn.execute(
            sa.select(waiting_districts.c.clever_id)
            .where(sa.or_(at.is_(None), at <= now - DESCRIBED_FOR))
            .order_by(at.is_not(None), at, waiting_districts.c.clever_id)
            .limit(limit)
        ).scalars()
    )


def put(
    tx: Transaction,
    clever_id: str,
    *,
    name: str,
    contact_name: str,
    contact_email: str,
    schools: int | None,
    students: int | None,
) -> None:
    """Keep what Clever says of a waiting district, "" or None where it says nothing.

    Nothing is kept when it waits no longer.
    """
    tx.conn.execute(
        sa.update(waiting_districts)
        .where(waiting_districts.c.clever_id == clever_id)
        .values(
            name=name or None,
            contact_name=contact_name or None,
            contact_email=contact_email or None,
            schools=schools,
            students=students,
            described_at=tx.now,
        )
    )


def waiting(conn: sa.Connection, limit: int | None = None) -> list[WaitingDistrict]:
    """The districts that wait for set-up, the newest first."""
    rows = conn.execute(
        _query()
        .order_by(waiting_districts.c.seen_at.desc(), waiting_districts.c.clever_id)
        .limit(limit)
    )
    return [_row(row) for row in rows]


def find(conn: sa.Connection, clever_id: str) -> WaitingDistrict | None:
    row = conn.execute(_query().where(waiting_districts.c.clever_id == clever_id)).one_or_none()
    return None if row is None else _row(row)


def remove(tx: Transaction, clever_id: str) -> None:
    tx.conn.execute(sa.delete(waiting_districts).where(waiting_districts.c.clever_id == clever_id))


def _query() -> sa.Select[Any]:
    """Waiting ones; not what was set up by a release that does not know of them."""
    is_set_up = sa.exists().where(districts.c.clever_id == waiting_districts.c.clever_id)
    return sa.select(waiting_districts).where(~is_set_up)


def _row(row: sa.Row[Any]) -> WaitingDistrict:
    return WaitingDistrict(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view
