"""The database: reachable, current, and with room and time as they should be."""

import time
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database import migrations, processes
from rosterhold.adapters.database.engine import Database
from rosterhold.cli.examine.answer import Answer, UnfitError
from rosterhold.cli.session import sqlite_file
from rosterhold.config.settings import without_password
from rosterhold.config.wiring import Services

# The oldest that its makers still mend ("PostgreSQL, Versioning Policy", late in 2026).
OLDEST_POSTGRES: Final = 15
MOST_SKEW_S: Final = 60.0
# A small installation: web, a worker, the scheduler.
FEWEST_PROCESSES: Final = 3


def database(services: Services) -> Answer:
    url = services.settings.database_url
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise UnfitError(f"there is no database {path} yet; `rosterhold init` creates it")
    try:
        return _examined(services.database, without_password(url))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error)
        words = cause.splitlines()[0] if cause else str(error)
        raise UnfitError(f"{without_password(url)}: {words}") from error


def _examined(opened: Database, shown: str) -> Answer:
    standing = migrations.compare(opened)
    if standing.lacking is not None:
        raise UnfitError(standing.lacking)
    # Takes the writer's place, which a database that is only readable refuses; writes nothing.
    with opened.transaction():
        pass
    warnings = []
    if standing.is_newer:
        warnings.append(
            f"the database is newer than this program (revision {standing.found}, while this one "
            f"knows {standing.known}); they fit, but other processes run a newer release"
        )
    if opened.is_sqlite:
        return Answer(f"{shown}, tables current", tuple(warnings))
    with opened.reading() as conn:
        warnings += [*_too_old(conn), *_too_few_connections(conn, opened)]
        version = conn.execute(sa.text("SHOW server_version")).scalar_one()
    return Answer(f"{shown}, PostgreSQL {version}, tables current", tuple(warnings))


def _too_old(conn: sa.Connection) -> Iterator[str]:
    version = int(conn.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10_000
    if version < OLDEST_POSTGRES:
        yield f"PostgreSQL {version} is no longer maintained; take {OLDEST_POSTGRES} or newer"


def _too_few_connections(conn: sa.Connection, opened: Database) -> Iterator[str]:
    """Whether the pools of all processes could want more than the server gives."""

    def setting(name: str) -> int:
        return int(conn.execute(sa.text(f"SHOW {name}")).scalar_one())

    pool: Any = opened.engine.pool
    each = pool.size() + pool._max_overflow  # noqa: SLF001 - SQLAlchemy tells it nowhere else
    alive = sum(processes.alive(conn, opened.now(conn)).values())
    # The web processes do not say that they live.
    count = max(FEWEST_PROCESSES, alive + 1)
    given = setting("max_connections") - setting("superuser_reserved_connections")
    if each * count > given:
        yield (
            f"max_connections leaves {given}, while {count} processes may open up to {each} each "
            f"({each * count}): raise it, or put a pooler before the database"
        )


def clock(services: Services) -> Answer:
    """The database's clock against this machine's."""
    if services.database.is_sqlite:
        return Answer("this machine's: SQLite has none of its own")
    with services.database.reading() as conn:
        asked = time.time()
        told = services.database.now(conn).timestamp()
        answered = time.time()
    ahead = told - (asked + answered) / 2
    words = f"the database's is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) <= MOST_SKEW_S:
        return Answer(words)
    warning = (
        "the two clocks differ by more than a minute: work waits by the database's, while links "
        "and logs go by this machine's; set both by NTP"
    )
    return Answer(words, (warning,))
