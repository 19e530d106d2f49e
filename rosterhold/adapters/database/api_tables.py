"""The API's tables: tokens, and the answers to requests that may be sent twice."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime, json_column

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # SHA-256 of the token, in hex: the token itself is kept nowhere.
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", json_column(), nullable=False),
    # None: all districts.
    sa.Column("district_id", sa.ForeignKey("districts.id")),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

# The key of a request that was done, with its answer: the same request gets the same answer.
idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("token_id", sa.ForeignKey("api_tokens.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    # SHA-256 over method, path and body, in hex.
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
sa.Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)
