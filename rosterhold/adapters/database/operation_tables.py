"""Tables for who runs the service: sums of what processes counted, and what operators did."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime

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

# How long the oldest due work of a queue had waited at most, in an hour.
waits = sa.Table(
    "waits",
    metadata,
    # Hours since 1970.
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("seconds", sa.Integer, nullable=False),
)

# What somebody did to a piece of work, and why.
operator_actions = sa.Table(
    "operator_actions",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("district_id", sa.ForeignKey("districts.id"), nullable=False),
    sa.Column("sync_id", sa.ForeignKey("syncs.id")),
    sa.Column("work_id", sa.BigInteger, nullable=False),
    sa.Column("work", sa.Text, nullable=False),
    # "retry" or "give_up"
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    # What was wrong with the work then.
    sa.Column("last_error", sa.Text),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("from_where", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
sa.Index("ix_operator_actions_at", operator_actions.c.at)
