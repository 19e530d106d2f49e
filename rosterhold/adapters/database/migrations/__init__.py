"""Creating and upgrading the database, by Alembic.

Revisions are numbered, so that of two the later one is the greater text. What a revision may do is
in docs/decisions/0014-upgrades-beside-running-workers.md.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from rosterhold.adapters.database import (
    account_tables,
    answer_tables,
    api_tables,
    discovery_tables,
    feed_tables,
    operation_tables,
    roster_tables,
    schedule_tables,
    tables,
    webhook_tables,
)
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.migrations import one_at_a_time, standing
from rosterhold.adapters.database.migrations.one_at_a_time import UpgradeRefusedError
from rosterhold.adapters.database.migrations.standing import Standing

FOLDER: Final = Path(__file__).parent
METADATA: Final = tables.metadata
# Each of these modules declares tables on it.
TABLES: Final = (
    roster_tables.ROSTER,
    api_tables.api_tokens,
    feed_tables.completions,
    answer_tables.answered_findings,
    webhook_tables.webhook_endpoints,
    operation_tables.meters,
    account_tables.accounts,
    schedule_tables.schedules,
    discovery_tables.waiting_districts,
)

__all__ = [
    "METADATA",
    "TABLES",
    "Standing",
    "UpgradeRefusedError",
    "compare",
    "differences",
    "missing",
    "upgrade",
]


def upgrade(database: Database, to: str = "head") -> Standing:
    """Create the tables, or bring those of an older release up to date.

    Any number of processes may do so at the same time, and workers may run meanwhile. A newer
    database that this program fits is left as it is.

    Args:
        database: where.
        to: the revision to stop at.

    Returns:
        How program and database stood to each other before.

    Raises:
        UpgradeRefusedError: the database is newer than what this program fits, or its tables are
            in use; nothing is half done.
    """
    config = _config()
    with one_at_a_time.upgrading(database) as conn:
        before = standing.read(conn, _newest(config))
        if before.is_newer:
            if before.lacking is not None:
                raise UpgradeRefusedError(before.lacking)
            return before
        config.attributes["connection"] = conn
        one_at_a_time.insist(conn, lambda: command.upgrade(config, to))
    return before


def compare(database: Database) -> Standing:
    """How this program and the database stand to each other."""
    with database.reading() as conn:
        return standing.read(conn, _newest(_config()))


def missing(database: Database) -> str | None:
    """What keeps the database from being used, in a sentence; None when this program fits it."""
    return compare(database).lacking


def differences(database: Database) -> list[object]:
    """How the migrated tables differ from what the code declares; empty when they agree."""
    with database.reading() as conn:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(conn, opts=options), METADATA))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def _newest(config: Config) -> str:
    return ScriptDirectory.from_config(config).get_current_head() or ""


def note_oldest_program(conn: sa.Connection, revision: object) -> None:
    """Keep, with a revision that takes something away, which programs no longer fit."""
    oldest = getattr(revision, standing.DECLARED, None)
    if oldest is not None:
        standing.note(conn, oldest)
