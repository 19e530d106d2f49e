"""Districts that granted the app and are not set up, and those that took the grant back."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("districts", sa.Column("disconnected_since", UtcDateTime()))
    op.create_table(
        "waiting_districts",
        sa.Column("clever_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("contact_name", sa.Text()),
        sa.Column("contact_email", sa.Text()),
        sa.Column("schools", sa.Integer()),
        sa.Column("students", sa.Integer()),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("described_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("clever_id", name=op.f("pk_waiting_districts")),
    )
