"""Alembic's entry: runs the revisions on the connection that `upgrade` hands over."""

from typing import Any

from alembic import context

from rosterhold.adapters.database.migrations import METADATA, note_oldest_program

connection = context.config.attributes["connection"]


def applied(ctx: Any, step: Any, heads: object, run_args: object) -> None:
    """In the transaction of each revision."""
    del heads, run_args
    note_oldest_program(ctx.connection, step.up_revision.module)


context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
    on_version_apply=applied,
)
with context.begin_transaction():
    context.run_migrations()
