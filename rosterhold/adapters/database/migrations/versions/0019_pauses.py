"""From when to when Clever has paused a district's data."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("districts", sa.Column("clever_pause_start", sa.Text()))
    op.add_column("districts", sa.Column("clever_pause_end", sa.Text()))
