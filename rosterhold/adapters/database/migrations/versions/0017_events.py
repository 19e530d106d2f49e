"""Whether a district is followed by Clever's events between full syncs."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column(
        "districts",
        sa.Column("events", sa.Boolean(), nullable=False, server_default="0"),
    )
