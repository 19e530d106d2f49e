"""The destination's tables: the applied roster, one table a kind, made from `roster.kinds`.

An app reads these. `id` is ours and stays; a removed record stays with `active` false, and comes
back under the same id when it reappears. A list of ids is a JSON array in text. There are no
foreign keys: rows come only by a merge that joins on the very ids, and a check a row would cost
more than the merge.
"""

from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime, big_id
from rosterhold.roster.kinds import KINDS, Kind

# A pair's parts: column → the kind that its id names.
PAIR_PARTS: Final[dict[str, str]] = {
    "section_clever_id": "sections",
    "student_clever_id": "students",
    "contact_clever_id": "contacts",
}


def part_id(column: str) -> str:
    """The roster's own-id column for a pair's Clever-id column: `section_id`."""
    return column.replace("_clever_id", "_id")


def _life() -> list[sa.Column[object]]:
    return [
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by_sync", sa.String(26), nullable=False),
        sa.Column("removed_at", UtcDateTime),
        sa.Column("removed_by_sync", sa.String(26)),
    ]


def _table(kind: Kind) -> sa.Table:
    name = f"roster_{kind.name}"
    values = [sa.Column(column, sa.Text, nullable=False) for column in kind.columns]
    own = sa.Column("id", big_id(), primary_key=True, autoincrement=True)
    district: sa.Column[str] = sa.Column("district_id", sa.String(26), nullable=False)
    if kind.is_pair:
        parts: list[sa.Column[object]] = [
            sa.Column(part_id(column), sa.BigInteger, nullable=False) for column in kind.key
        ]
        unique = sa.UniqueConstraint("district_id", *(part.name for part in parts))
        second = sa.Index(f"ix_{name}_{parts[1].name}", parts[1].name)
        return sa.Table(name, metadata, own, district, *parts, *values, *_life(), unique, second)
    clever = sa.Column("clever_id", sa.Text, nullable=False)
    return sa.Table(
        name,
        metadata,
        own,
        district,
        clever,
        *values,
        *_life(),
        sa.UniqueConstraint("district_id", "clever_id"),
    )


ROSTER: Final[dict[str, sa.Table]] = {name: _table(kind) for name, kind in KINDS.items()}
