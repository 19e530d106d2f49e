"""Creating and upgrading the database, by Alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from rosterhold.adapters.database import roster_tables, tables
from rosterhold.adapters.database.engine import Database

FOLDER: Final = Path(__file__).parent
METADATA: Final = tables.metadata
TABLES: Final = roster_tables.ROSTER


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database) -> None:
    """Create the tables, or bring those of an older release up to date."""
    command.upgrade(_config(database), "head")


def missing(database: Database) -> str | None:
    """What keeps the database from being used, in a sentence; None when it is current."""
    wanted = ScriptDirectory.from_config(_config(database)).get_current_head()
    with database.reading() as conn:
        found = MigrationContext.configure(conn).get_current_revision()
    if found is None:
        return "the database has no tables yet: run `rosterhold init`"
    if found != wanted:
        return f"the database is at revision {found}, not {wanted}: run `rosterhold init`"
    return None


def differences(database: Database) -> list[object]:
    """How the migrated tables differ from what the code declares; empty when they agree."""
    with database.reading() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))
