"""Since when Clever had nothing new, of a sync that ended for that."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("syncs", sa.Column("nothing_new_since", UtcDateTime()))
