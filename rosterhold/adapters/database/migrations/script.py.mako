"""${message}."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
