"""Which process is at a piece of work since when, and how long work waited, by the hour."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("process_id", sa.String(length=26), nullable=True))
    op.add_column("outbox", sa.Column("claimed_at", UtcDateTime(), nullable=True))
    op.add_column("processes", sa.Column("place", sa.Text(), nullable=True))
    op.create_table(
        "waits",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "queue", name=op.f("pk_waits")),
    )
