"""What a command works with: the settings, and the database or all services for a while."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import typer
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database import districts, views
from rosterhold.adapters.database.decisions import Person
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.transitions import SyncRow
from rosterhold.cli.output import CliError
from rosterhold.config import logging
from rosterhold.config.settings import Settings, load, without_password
from rosterhold.config.wiring import Services, build

FROM_WHERE: Final = "command line"
_SQLITE: Final = "sqlite:///"


def settings_of(ctx: typer.Context, *, log_level: str = "WARNING") -> Settings:
    """Read the settings and send the logs where they say."""
    config: Path | None = ctx.find_root().obj
    settings = load(os.environ, config)
    logging.configure(settings.log_format, log_level)
    return settings


@contextmanager
def database_of(ctx: typer.Context) -> Iterator[Database]:
    """The database, for a command that only needs that."""
    settings = settings_of(ctx)
    _refuse_absent_file(settings.database_url)
    with said_clearly(settings):
        database = Database(settings.database_url)
        try:
            yield database
        finally:
            database.dispose()


@contextmanager
def services_of(ctx: typer.Context, *, log_level: str = "WARNING") -> Iterator[Services]:
    """Everything a process works with."""
    settings = settings_of(ctx, log_level=log_level)
    _refuse_absent_file(settings.database_url)
    with said_clearly(settings):
        services = build(settings)
        try:
            yield services
        finally:
            services.close()


@contextmanager
def said_clearly(settings: Settings) -> Iterator[None]:
    """Turn what the database says into one line."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        words = str(cause).strip().splitlines() or [type(cause).__name__]
        hint = ""
        if any(sign in words[0] for sign in ("no such table", "no such column", "does not exist")):
            hint = "; `rosterhold init` creates or upgrades it"
        url = without_password(settings.database_url)
        raise CliError(f"the database {url} cannot be used: {words[0]}{hint}") from error


def _refuse_absent_file(url: str) -> None:
    # SQLite would make an empty file of a mistyped path.
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise CliError(f"there is no database {path} yet; `rosterhold init` creates it")


def sqlite_file(url: str) -> Path | None:
    """The file of an embedded database; None for a server."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None


def the_district(conn: sa.Connection, word: str) -> DistrictRow:
    """The district with this id, ours or Clever's."""
    district = districts.find(conn, word)
    if district is None:
        raise CliError(f"there is no district {word!r}; `rosterhold district list` shows them")
    return district


def the_sync(conn: sa.Connection, word: str) -> SyncRow:
    """The sync with this id, or the open or last one of the district with this id."""
    sync = views.find_sync(conn, word)
    if sync is None:
        if districts.find(conn, word) is not None:
            raise CliError(f"the district {word!r} has had no sync yet")
        raise CliError(f"there is no sync and no district {word!r}")
    return sync


def the_person() -> Person:
    """Who sits at this command line."""
    try:
        return Person(getpass.getuser(), FROM_WHERE)
    except (KeyError, OSError):
        # A container's user may have no name.
        return Person(f"user {os.getuid()}", FROM_WHERE)


def ago(then: datetime | None) -> str:
    """How long ago, in words of one unit."""
    if then is None:
        return "-"
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
