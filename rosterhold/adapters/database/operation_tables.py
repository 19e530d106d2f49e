"""Tables for who runs the service: sums of what processes counted."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata

# One row a series; every process adds to it. See adapters/metrics.py for the parts.
meters = sa.Table(
    "meters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    # The values of the labels, as a JSON array.
    sa.Column("labels", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
)
