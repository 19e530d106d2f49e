"""Which syncs had their files deleted from the snapshot store."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "purges",
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_purges_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_purges_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", name=op.f("pk_purges")),
    )
