"""Room in the pages of what is updated often: a new version of a row then needs no new index rows.

A night opens many syncs at once, page after page, and each is updated a few times within minutes.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE syncs SET (fillfactor = 60)")
        op.execute("ALTER TABLE outbox SET (fillfactor = 60)")
