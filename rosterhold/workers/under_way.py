"""What a process is at: to keep the claims of it, and to hand back what it cannot finish."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database import claims, orphans
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import Written
from rosterhold.config.wiring import Services
from rosterhold.workers.slate import Entry, Slate

log = structlog.get_logger(__name__)


class UnderWay:
    """The claims that the threads of a process work at; one thread renews them all.

    A lost claim is not reported here: the work's last transaction finds it out and changes nothing.

    Args:
        database: where they are renewed.
        slate: where they are noted for whoever takes the place of a process that died.
    """

    def __init__(self, database: Database, slate: Slate | None = None) -> None:
        self._database = database
        self._slate = slate or Slate()
        self._claims: list[Claim] = []
        self._changed = threading.Condition()
        self._keeper: threading.Thread | None = None

    @contextmanager
    def kept(self, claim: Claim) -> Iterator[None]:
        """Keep a claim until the block ends, however long that takes."""
        entry = Entry(claim.work_id, claim.epoch, claim.deaths)
        with self._changed:
            self._claims.append(claim)
            place = self._slate.write(entry)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._keeper.start()
        try:
            yield
        finally:
            with self._changed:
                self._claims.remove(claim)
                self._slate.wipe(place)
                self._changed.notify_all()

    @property
    def count(self) -> int:
        """How much the process is at."""
        return len(self._claims)

    def _renew(self) -> None:
        while True:
            time.sleep(self._database.lease.total_seconds() / 3)
            with self._changed:
                held = list(self._claims)
                if not held:
                    self._keeper = None
                    return
            try:
                claims.renew(self._database, held)
            except SQLAlchemyError as error:
                log.warning("leases could not be renewed", error=str(error), held=len(held))

    def wait(self, until: float) -> None:
        """Wait until nothing is under way, or a moment of the monotonic clock."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._claims, timeout=max(until - time.monotonic(), 0.0)
            )

    def hand_back(self, services: Services) -> int:
        """Let others take over at once what is still under way; returns how much that is.

        For the last moment of a process. A step that ends all the same takes effect if nobody took
        it over, and changes nothing otherwise.
        """
        with self._changed:
            left = list(self._claims)
        for claim in left:
            try:
                with services.database.transaction() as tx:
                    claims.hand_back(tx, claim)
            except SQLAlchemyError as error:
                log.warning("not handed back; its lease has to run out", error=str(error))
                continue
            services.doorbell.ring([Written(claim.work_id, claim.work, claim.queue)])
            log.info(
                "handed back", work=claim.work.value, work_id=claim.work_id, sync=claim.sync_id
            )
        return len(left)


def free_what_the_dead_left(services: Services, slates: Iterable[Slate]) -> None:
    """Let what dead processes were at be taken over before their leases run out."""
    left = [entry for slate in slates for entry in slate.read()]
    if not left:
        return
    try:
        with services.database.transaction() as tx:
            for entry in left:
                orphans.free(tx, entry.work_id, entry.epoch, deaths=entry.deaths)
    except SQLAlchemyError as error:
        log.warning("not taken over yet; the leases have to run out", error=str(error))
    else:
        log.info("the work of a dead process may be taken over", work=len(left))
