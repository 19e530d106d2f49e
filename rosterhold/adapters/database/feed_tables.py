"""The order in which rosters changed, and which record had which Clever id before.

As the roster tables, they have no foreign keys.
"""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime

# A change set that was applied: `seq` counts those of a district, without a gap, from 1.
completions = sa.Table(
    "completions",
    metadata,
    sa.Column("district_id", sa.String(26), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sync_id", sa.String(26), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("district_id", "sync_id"),
)

# A record of the roster that lost a Clever id: it was re-identified, or stepped aside for one that
# was. Within one completion a Clever id is lost at most once.
roster_renames = sa.Table(
    "roster_renames",
    metadata,
    sa.Column("district_id", sa.String(26), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("was", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
)
