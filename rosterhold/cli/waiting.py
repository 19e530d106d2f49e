"""Waiting until the database of a process is there, and ending with a signal."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.cli.output import CliError, note
from rosterhold.cli.session import refuse_absent_file, said_clearly
from rosterhold.config.settings import Settings

LOOK_EVERY_S: Final = 1.0
SAY_EVERY_S: Final = 60.0

log = structlog.get_logger(__name__)


def wait_for_database(settings: Settings) -> None:
    """Wait for a server that is away, and come back when the tables are those of this release.

    No connection is left open.

    Raises:
        CliError: there are no tables, or those of another release; a file cannot be used.
    """
    refuse_absent_file(settings.database_url)
    database = Database(settings.database_url)
    try:
        with said_clearly(settings):
            lacking = _lacking(database)
    finally:
        database.dispose()
    if lacking is not None:
        raise CliError(lacking)


def _lacking(database: Database) -> str | None:
    said = float("-inf")
    while True:
        try:
            lacking = migrations.missing(database)
        except OperationalError as error:
            # A file is there or wrong; only a server is away for a while.
            if database.is_sqlite:
                raise
            if time.monotonic() - said >= SAY_EVERY_S:
                said = time.monotonic()
                log.warning("the database is away; waiting for it", error=str(error.orig))
            time.sleep(LOOK_EVERY_S)
        else:
            if said > 0:
                log.info("the database is there")
            return lacking


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does: in order, and as a success."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        note("stopped; what was not finished goes on at the next start")
    finally:
        signal.signal(signal.SIGTERM, before)
