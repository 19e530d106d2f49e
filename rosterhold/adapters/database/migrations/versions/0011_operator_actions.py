"""What operators did to pieces of work, and why."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "operator_actions",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=True),
        sa.Column("work_id", sa.BigInteger(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("from_where", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_operator_actions_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_operator_actions_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_actions")),
    )
    op.create_index("ix_operator_actions_at", "operator_actions", ["at"])
