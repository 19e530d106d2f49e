"""Alembic's entry: runs the revisions on the engine that `upgrade` hands over."""

from alembic import context

from rosterhold.adapters.database.migrations import METADATA

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
