"""The order in which rosters changed, and which record had which Clever id before."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "completions",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "seq", name=op.f("pk_completions")),
        sa.UniqueConstraint(
            "district_id", "sync_id", name=op.f("uq_completions_district_id_sync_id")
        ),
    )
    op.create_table(
        "roster_renames",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "district_id", "kind", "was", "seq", name=op.f("pk_roster_renames")
        ),
    )
