"""The parts of an installation on a database of its own, without a server besides."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rosterhold.adapters.database import migrations
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build


@contextmanager
def installation(database_url: str, folder: Path, **settings: Any) -> Iterator[Services]:
    """Its tables are made; its snapshots and mails are in the folder."""
    built = build(
        Settings(
            database_url=database_url,
            snapshots=str(folder / "snapshots"),
            mail_folder=str(folder / "mail"),
            secret_keys=("a key for tests and nothing else",),
            **settings,
        )
    )
    migrations.upgrade(built.database)
    yield built
    built.close()
