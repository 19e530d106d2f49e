"""Tokens of the API that tests call with."""

from datetime import UTC, datetime, timedelta

from rosterhold.adapters.database import tokens
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tokens import NewToken, Scope


def new_token(
    database: Database, *scopes: Scope, district: str | None = None, days: int = 1
) -> NewToken:
    """One with these scopes, all of them without any, of one district or of all."""
    with database.transaction() as tx:
        return tokens.create(
            tx,
            name="test",
            scopes=scopes or tuple(Scope),
            district_id=district,
            created_by="the tests",
            expires_at=datetime.now(UTC) + timedelta(days=days),
        )
