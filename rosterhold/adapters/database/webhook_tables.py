"""The tables of webhooks: who is told, what they are told, and what we were told."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime, big_id, json_column

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    # Only this district's events; all districts' without one.
    sa.Column("district_id", sa.ForeignKey("districts.id")),
    sa.Column("url", sa.Text, nullable=False),
    # The names of the events it asked for.
    sa.Column("events", json_column(), nullable=False),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("switched_off_at", UtcDateTime),
    sa.Column("switched_off_why", sa.Text),
)

# One row an event and endpoint; `no` gives the order in which a district's are sent.
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("no", big_id(), primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(26), nullable=False, unique=True),
    sa.Column("endpoint_id", sa.ForeignKey("webhook_endpoints.id"), nullable=False),
    sa.Column("district_id", sa.ForeignKey("districts.id"), nullable=False),
    # Its row of the outbox while it waits.
    sa.Column("work_id", sa.BigInteger),
    # The same for all endpoints, and at every try: receivers know by it what they had.
    sa.Column("event_id", sa.String(26), nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("data", json_column(), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("answer", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("tried_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_webhook_deliveries_waiting",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.district_id,
    webhook_deliveries.c.no,
    sqlite_where=webhook_deliveries.c.status == "waiting",
    postgresql_where=webhook_deliveries.c.status == "waiting",
)
sa.Index("ix_webhook_deliveries_district_id", webhook_deliveries.c.district_id)

# What came in, by the sender's own id: a second one is not taken for news.
webhooks_received = sa.Table(
    "webhooks_received",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("delivery_id", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", json_column(), nullable=False),
)
sa.Index("ix_webhooks_received_at", webhooks_received.c.at)
