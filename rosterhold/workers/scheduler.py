"""The scheduler: starts what is due. Any number of processes may run it; a slot fires once."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rosterhold.adapters import metrics
from rosterhold.adapters.database import meters, processes, schedules, syncs, waits
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.outbox import Queue
from rosterhold.adapters.database.schedules import Due
from rosterhold.adapters.database.transitions import Cause, StaleSyncError, begin, perform
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.unchanged import BY_SCHEDULE
from rosterhold.workers.discover import run_discovery
from rosterhold.workers.purge import run_purge
from rosterhold.workers.step import Follow

TICK_S: Final = 20.0
# Slots that are read at a time.
BATCH: Final = 500
# After so many slots it says that it lives: the tick after a night when none ran takes minutes.
ALIVE_EVERY: Final = 50
# Every so many ticks it is noted how long work waits: when no worker lives, nobody else does.
NOTE_EVERY: Final = round(waits.NOTE_EVERY_S / TICK_S)
# Every so many ticks, districts are looked for that an older release added without a schedule.
COMPLETE_EVERY: Final = 90
WHO: Final = BY_SCHEDULE
# What it is called among the processes that live.
ROLE: Final = "scheduler"

log = structlog.get_logger(__name__)


def run_scheduler(services: Services, stop: threading.Event) -> None:
    """Tick until told to stop; beside it, what may take long: the daily purge, and discovery."""
    for name, beside in (("purge", run_purge), ("discovery", run_discovery)):
        threading.Thread(target=beside, args=(services, stop), name=name, daemon=True).start()
    process_id: str | None = None
    ticks = 0
    while not stop.is_set():
        try:
            process_id = processes.beat(services.database, process_id, ROLE)
            if ticks % COMPLETE_EVERY == 0:
                schedules.complete(services.database)
            tick(services, alive=partial(processes.beat, services.database, process_id, ROLE))
            ticks += 1
            services.meter.count(metrics.TICKS)
            meters.write(services.database, services.meter)
            if ticks % NOTE_EVERY == 0:
                waits.note(services.database)
        except SQLAlchemyError as error:
            log.warning("the database is away; the scheduler waits", error=str(error))
        stop.wait(TICK_S)
    if process_id is not None:
        try:
            processes.leave(services.database, process_id)
        except SQLAlchemyError as error:
            log.warning("the database is away; others will notice", error=str(error))


def tick(
    services: Services,
    now: datetime | None = None,
    *,
    alive: Callable[[], object] = lambda: None,
) -> int:
    """Start a sync for each district whose slot has come and was not used.

    A district that is on hold is checked again instead; one whose sync runs is left alone. When
    nothing is due, that costs one query.

    Args:
        services: what the process works with.
        now: the time, if it is not to be the database's.
        alive: called now and then while there is much to do.

    Returns:
        How many slots fired.
    """
    fired = 0
    for number, slot in enumerate(_due(services, now), start=1):
        fired += _fire(services, slot)
        if number % ALIVE_EVERY == 0:
            alive()
    return fired


def _due(services: Services, now: datetime | None) -> Iterator[Due]:
    """What is due, a batch at a time; what could not be started is not looked at again."""
    after: tuple[datetime, str] | None = None
    while True:
        with services.database.reading() as conn:
            moment = now or services.database.moment(conn)
            batch = schedules.due(conn, moment, limit=BATCH, after=after)
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].row.next_due_at, batch[-1].row.district_id


def _fire(services: Services, slot: Due) -> bool:
    """Use a slot, in the transaction that starts or resumes the sync."""
    try:
        with services.database.transaction() as tx:
            if not schedules.use(tx, slot):
                return False
            _start(tx, slot.row.district_id)
            work: Follow = tuple(tx.work)
    except (IntegrityError, StaleSyncError):
        log.info("somebody is at it; the slot waits", district=slot.row.district_id)
        return False
    except ZoneInfoNotFoundError as error:
        # The data of time zones differ from machine to machine; the others shall have their night.
        log.warning(
            "a district's time zone is not known here; its slot waits",
            district=slot.row.district_id,
            error=str(error),
        )
        return False
    except NewerVersionError as error:
        log.info("left to a newer version", district=slot.row.district_id, error=str(error))
        return False
    services.doorbell.ring(work)
    services.meter.count(metrics.FIRED)
    log.info(
        "scheduled sync",
        district=slot.row.district_id,
        slot=slot.row.next_due_at.isoformat(),
    )
    return True


def _start(tx: Transaction, district_id: str) -> None:
    cause = Cause("its time has come", WHO)
    sync = syncs.find_open(tx.conn, district_id)
    if sync is None:
        begin(tx, district_id=district_id, trigger=WHO, cause=cause, queue=Queue.NIGHTLY)
    elif sync.state.is_on_hold:
        perform(tx, sync, SyncEvent.RESUME, cause, queue=Queue.NIGHTLY)
