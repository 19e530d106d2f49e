"""The table of districts that are not set up yet."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime

# Districts that granted the app at Clever and are not set up here. They have no id of ours yet.
waiting_districts = sa.Table(
    "waiting_districts",
    metadata,
    sa.Column("clever_id", sa.String(64), primary_key=True),
    # What Clever says of it; NULL while it has not said it.
    sa.Column("name", sa.Text),
    sa.Column("contact_name", sa.Text),
    sa.Column("contact_email", sa.Text),
    sa.Column("schools", sa.Integer),
    sa.Column("students", sa.Integer),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("described_at", UtcDateTime),
)
