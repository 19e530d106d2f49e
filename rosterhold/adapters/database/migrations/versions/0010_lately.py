"""What ended or was mailed lately is found by an index; begun anew, this does the same again."""

from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # An index of SQLite locks whatever it is told, within the one transaction of the upgrade.
    context = op.get_context()
    is_sqlite = context.dialect.name == "sqlite"
    with nullcontext() if is_sqlite else context.autocommit_block():
        _make("ix_syncs_finished_at", "syncs", "finished_at", sa.column("finished_at").is_not(None))
        _make("ix_emails_created_at", "emails", "created_at")


def _make(name: str, table: str, column: str, where: sa.ColumnElement[bool] | None = None) -> None:
    only: dict[str, Any] = {} if where is None else {"sqlite_where": where, "postgresql_where": where}
    # What an upgrade that was cut off left is there, and of no use.
    op.drop_index(name, table_name=table, if_exists=True)
    op.create_index(name, table, [column], postgresql_concurrently=True, **only)
