"""The tables of schedules."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime, json_column

# When each district is synced by itself; the time zone is the district's.
schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("district_id", sa.ForeignKey("districts.id"), primary_key=True),
    sa.Column("cron", sa.Text, nullable=False),
    # Ranges of days as people write them: 2027-06-10..2027-08-15, or 06-10..08-15.
    sa.Column("blackouts", json_column(), nullable=False),
    sa.Column("next_due_at", UtcDateTime, nullable=False, index=True),
)
