"""`rosterhold check`: the settings and every service, before anything starts."""

import asyncio
import secrets
import smtplib
import socket
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import msgspec
import redis
import typer
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.clever.errors import CleverError
from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.cli.output import DONE, FAILED, AsJson, print_json, print_table
from rosterhold.cli.session import settings_of, sqlite_file
from rosterhold.config.settings import Settings, SettingsError, without_password
from rosterhold.config.wiring import Services, build, clever_client

app = typer.Typer()

PATIENCE_S: Final = 10.0
SHORT_KEY: Final = 16


class Check(msgspec.Struct, frozen=True):
    """One line of what was checked."""

    name: str
    ok: bool
    detail: str


class Report(msgspec.Struct, frozen=True):
    """What `check --json` prints."""

    ok: bool
    checks: list[Check]


class UnfitError(Exception):
    """Raised when a service is not fit to start with; the text says why."""


@app.command()
def check(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check the settings and every service. Exit 0 when all is well, else 1."""
    checks = list(_checks(ctx))
    report = Report(all(line.ok for line in checks), checks)
    if as_json:
        print_json(report)
    else:
        print_table(
            ("", "what", "detail"),
            (("ok" if line.ok else "FAILS", line.name, line.detail) for line in checks),
            empty="",
        )
    raise typer.Exit(DONE if report.ok else FAILED)


def _checks(ctx: typer.Context) -> Iterable[Check]:
    try:
        # What the services say of themselves is in the report already.
        settings = settings_of(ctx, log_level="CRITICAL")
        services = build(settings)
    except (SettingsError, ValueError) as error:
        yield Check("settings", ok=False, detail=str(error))
        return
    try:
        for name, examine in _EXAMINATIONS.items():
            try:
                yield Check(name, ok=True, detail=examine(services))
            except UnfitError as error:
                yield Check(name, ok=False, detail=" ".join(str(error).split()))
    finally:
        services.close()


def _settings(services: Services) -> str:
    keys = services.settings.secret_keys
    if any(len(key) < SHORT_KEY for key in keys):
        return f"readable; a key of ROSTERHOLD_SECRET_KEYS is shorter than {SHORT_KEY} characters"
    return "readable"


def _database(services: Services) -> str:
    url = services.settings.database_url
    shown = without_password(url)
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise UnfitError(f"there is no database {path} yet; `rosterhold init` creates it")
    try:
        lacking = migrations.missing(services.database)
        if lacking is None:
            _try_to_write(services.database)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error)
        raise UnfitError(f"{shown}: {cause.splitlines()[0] if cause else error}") from error
    if lacking is not None:
        raise UnfitError(lacking)
    return f"{shown}, tables current"


def _try_to_write(database: Database) -> None:
    # Takes the writer's place, which a database that is only readable refuses; writes nothing.
    with database.transaction():
        pass


def _redis(services: Services) -> str:
    url = services.settings.redis_url
    if url is None:
        return "none set: the queue is inside each process"
    try:
        services.broker.client.ping()
    except (redis.RedisError, OSError) as error:
        raise UnfitError(f"{without_password(url)}: {error}") from error
    return without_password(url)


def _snapshots(services: Services) -> str:
    probe = f"check-{secrets.token_hex(8)}"
    try:
        services.store.write_bytes(f"{probe}/written", b"")
        services.store.delete_tree(probe)
    except SnapshotStoreError as error:
        raise UnfitError(str(error)) from error
    return services.settings.snapshots


def _clever(services: Services) -> str:
    url = services.settings.clever_oauth_url
    _reach(url, "ROSTERHOLD_CLEVER_OAUTH_URL")
    _reach(services.settings.clever_api_url, "ROSTERHOLD_CLEVER_API_URL")
    try:
        granted = asyncio.run(_ask_clever(services))
    except TimeoutError as error:
        raise UnfitError(f"{url} did not answer within {PATIENCE_S:g} s") from error
    except CleverError as error:
        raise UnfitError(f"{url}: {error}") from error
    return f"{url}: {granted} {'district' if granted == 1 else 'districts'} granted access"


async def _ask_clever(services: Services) -> int:
    async with asyncio.timeout(PATIENCE_S), clever_client(services) as clever:
        return len(await clever.districts_that_granted())


def _smtp(services: Services) -> str:
    settings = services.settings
    if settings.smtp_url is None:
        return _mail_folder(settings)
    parts = urlsplit(settings.smtp_url)
    host = parts.hostname or ""
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(host, parts.port or 0, timeout=PATIENCE_S) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise UnfitError(f"{without_password(settings.smtp_url)}: {error}") from error
    return without_password(settings.smtp_url)


def _mail_folder(settings: Settings) -> str:
    return f"none set: mails are written to {settings.mail_folder}"


def _reach(url: str, key: str) -> None:
    """Raise UnfitError when nobody listens at the host of a URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=PATIENCE_S).close()
    except OSError as error:
        raise UnfitError(f"{key} {url}: {error.strerror or error}") from error


_EXAMINATIONS: Final[dict[str, Callable[[Services], str]]] = {
    "settings": _settings,
    "database": _database,
    "redis": _redis,
    "snapshots": _snapshots,
    "clever": _clever,
    "mail": _smtp,
}
