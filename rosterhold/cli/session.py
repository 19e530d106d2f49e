"""What a command works with: the settings, and the database or all services for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database.engine import Database
from rosterhold.cli.output import CliError
from rosterhold.config import logging
from rosterhold.config.settings import Settings, load, without_password
from rosterhold.config.wiring import Services, build

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
    refuse_absent_file(settings.database_url)
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
    refuse_absent_file(settings.database_url)
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


def refuse_absent_file(url: str) -> None:
    """Raise CliError when the file of an embedded database is not there."""
    # SQLite would make an empty file of a mistyped path.
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise CliError(f"there is no database {path} yet; `rosterhold init` creates it")


def sqlite_file(url: str) -> Path | None:
    """The file of an embedded database; None for a server."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None
