"""Keeping a claim while its work lasts longer than the lease."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database import claims
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import LEASE

RENEW_EVERY_S = LEASE.total_seconds() / 3

log = structlog.get_logger(__name__)


@contextmanager
def kept(database: Database, claim: Claim) -> Iterator[None]:
    """Renew the lease from time to time until the block ends.

    A lost claim is not reported here: the work's last transaction finds it out and changes nothing.
    """
    keeper = _Keeper(database, claim)
    keeper.schedule()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper:
    def __init__(self, database: Database, claim: Claim) -> None:
        self._database = database
        self._claim = claim
        self._stopped = threading.Event()
        self._timer: threading.Timer | None = None

    def schedule(self) -> None:
        if not self._stopped.is_set():
            self._timer = threading.Timer(RENEW_EVERY_S, self._renew)
            self._timer.daemon = True
            self._timer.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._timer is not None:
            self._timer.cancel()

    def _renew(self) -> None:
        try:
            if claims.renew(self._database, self._claim):
                self.schedule()
        except SQLAlchemyError as error:
            log.warning("the lease could not be renewed", error=str(error))
            self.schedule()
