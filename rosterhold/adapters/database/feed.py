"""What was applied to a district's roster, in the order in which it was."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.feed_tables import completions, roster_renames
from rosterhold.adapters.database.roster_tables import PAIR_PARTS, ROSTER, part_id
from rosterhold.adapters.database.tables import purges, syncs
from rosterhold.roster.kinds import Kind


@dataclass(frozen=True, slots=True)
class Completion:
    """A sync whose change set was applied as the `seq`-th of its district.

    Attributes:
        counts: kind name → added, changed, removed, reidentified, total.
    """

    seq: int
    sync_id: str
    at: datetime
    evaluation_no: int
    counts: dict[str, dict[str, int]]


def complete(tx: Transaction, district_id: str, sync_id: str) -> int:
    """Give the change set that this transaction applies its number.

    A district has one open sync at a time, so that nobody else numbers one of it meanwhile.
    """
    number = sa.select(sa.func.coalesce(sa.func.max(completions.c.seq), 0) + 1).where(
        completions.c.district_id == district_id
    )
    seq: int = tx.conn.execute(
        sa.insert(completions)
        .values(district_id=district_id, seq=number.scalar_subquery(), sync_id=sync_id, at=tx.now)
        .returning(completions.c.seq)
    ).scalar_one()
    return seq


def completed_from(conn: sa.Connection, district_id: str, seq: int, limit: int) -> list[Completion]:
    """The applied change sets of a district from a number on, in their order."""
    rows = conn.execute(
        sa.select(
            completions.c.seq,
            completions.c.sync_id,
            completions.c.at,
            syncs.c.evaluation_no,
            syncs.c.counts,
        )
        .join(syncs, syncs.c.id == completions.c.sync_id)
        .where(completions.c.district_id == district_id, completions.c.seq >= seq)
        .order_by(completions.c.seq)
        .limit(limit)
    )
    return [Completion(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public mapping view


def next_seq(conn: sa.Connection, district_id: str) -> int:
    """The number that the next change set of a district will have."""
    newest: int | None = conn.execute(
        sa.select(sa.func.max(completions.c.seq)).where(completions.c.district_id == district_id)
    ).scalar_one()
    return (newest or 0) + 1


def oldest_kept(conn: sa.Connection, district_id: str) -> int:
    """The number of the oldest change set whose files are kept, and all later ones' too."""
    newest_purged: int | None = conn.execute(
        sa.select(sa.func.max(completions.c.seq))
        .join(purges, purges.c.sync_id == completions.c.sync_id)
        .where(completions.c.district_id == district_id)
    ).scalar_one()
    return (newest_purged or 0) + 1


def own_ids(
    conn: sa.Connection, district_id: str, kind: str, clever_ids: Collection[str], *, before: int
) -> dict[str, int]:
    """Which records had these Clever ids just before the change set of a number was applied.

    Whoever lost the id since then, first of all, had it; else who has it today.
    """
    wanted = sorted(set(clever_ids))
    table = ROSTER[kind]
    today = conn.execute(
        sa.select(table.c.clever_id, table.c.id).where(
            table.c.district_id == district_id, table.c.clever_id.in_(wanted)
        )
    )
    found: dict[str, int] = {row.clever_id: row.id for row in today}
    lost = conn.execute(
        sa.select(roster_renames.c.was, roster_renames.c.record_id)
        .where(
            roster_renames.c.district_id == district_id,
            roster_renames.c.kind == kind,
            roster_renames.c.was.in_(wanted),
            roster_renames.c.seq >= before,
        )
        # Of several the first one is read last, and stays.
        .order_by(roster_renames.c.seq.desc())
    )
    return found | {row.was: row.record_id for row in lost}


def pair_ids(
    conn: sa.Connection,
    district_id: str,
    kind: Kind,
    keys: Collection[tuple[str, str]],
    *,
    before: int,
) -> dict[tuple[str, str], tuple[int, int, int]]:
    """The same for pairs: by their parts' Clever ids, the own id, then those of both parts."""
    first, second = kind.key
    firsts = own_ids(conn, district_id, PAIR_PARTS[first], [key[0] for key in keys], before=before)
    seconds = own_ids(
        conn, district_id, PAIR_PARTS[second], [key[1] for key in keys], before=before
    )
    table = ROSTER[kind.name]
    one, two = table.c[part_id(first)], table.c[part_id(second)]
    rows = conn.execute(
        sa.select(table.c.id, one, two).where(
            table.c.district_id == district_id,
            one.in_(sorted(set(firsts.values()))),
            two.in_(sorted(set(seconds.values()))),
        )
    )
    own = {(row[1], row[2]): row[0] for row in rows}
    return {
        key: (own[parts], *parts)
        for key in keys
        if (parts := (firsts.get(key[0], 0), seconds.get(key[1], 0))) in own
    }
