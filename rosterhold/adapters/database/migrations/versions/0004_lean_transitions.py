"""Work waits in four queues and counts failures; a change of state changes no index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("ix_syncs_state", table_name="syncs")
    op.add_column(
        "outbox", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    outbox = sa.table("outbox", sa.column("queue", sa.Text))
    op.execute(
        sa.update(outbox)
        .where(outbox.c.queue.in_(["fetch", "evaluate", "apply"]))
        .values(queue="nightly")
    )
