"""The scheduler: starts what is due. Any number of processes may run it; a slot fires once."""

import threading
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rosterhold.adapters import metrics
from rosterhold.adapters.database import districts, meters, processes, syncs
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.outbox import Queue
from rosterhold.adapters.database.tables import fired
from rosterhold.adapters.database.transitions import Cause, begin, perform
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.schedule import last_slot
from rosterhold.workers.purge import run_purge
from rosterhold.workers.step import Follow

TICK_S: Final = 20.0
WHO: Final = "schedule"
# What it is called among the processes that live.
ROLE: Final = "scheduler"

log = structlog.get_logger(__name__)


def run_scheduler(services: Services, stop: threading.Event) -> None:
    """Tick until told to stop; beside it, purge once a day, which may take long."""
    threading.Thread(target=run_purge, args=(services, stop), name="purge", daemon=True).start()
    process_id: str | None = None
    while not stop.is_set():
        try:
            process_id = processes.beat(services.database, process_id, ROLE)
            tick(services)
            services.meter.count(metrics.TICKS)
            meters.write(services.database, services.meter)
        except SQLAlchemyError as error:
            log.warning("the database is away; the scheduler waits", error=str(error))
        stop.wait(TICK_S)
    if process_id is not None:
        try:
            processes.leave(services.database, process_id)
        except SQLAlchemyError as error:
            log.warning("the database is away; others will notice", error=str(error))


def tick(services: Services, now: datetime | None = None) -> int:
    """Start a sync for each district whose slot has come and was not used.

    A district that is on hold is checked again instead; one whose sync runs is left alone.

    Returns:
        How many slots fired.
    """
    with services.database.reading() as conn:
        now = now or services.database.now(conn)
        used = {(row.schedule, row.due_at) for row in conn.execute(sa.select(fired))}
        every = districts.every(conn)
    count = 0
    for district in every:
        slot = last_slot(district.id, district.time_zone, now)
        if slot > district.created_at and (_schedule(district), slot) not in used:
            count += _fire(services, district, slot)
    return count


def _schedule(district: DistrictRow) -> str:
    return f"nightly:{district.id}"


def _fire(services: Services, district: DistrictRow, slot: datetime) -> bool:
    """Use a slot, in the transaction that starts or resumes the sync."""
    try:
        with services.database.transaction() as tx:
            tx.conn.execute(
                sa.delete(fired).where(
                    fired.c.schedule == _schedule(district), fired.c.due_at < slot
                )
            )
            tx.conn.execute(sa.insert(fired).values(schedule=_schedule(district), due_at=slot))
            sync = syncs.find_open(tx.conn, district.id)
            cause = Cause("its time in the night", WHO)
            if sync is None:
                begin(tx, district_id=district.id, trigger=WHO, cause=cause, queue=Queue.NIGHTLY)
            elif sync.state.is_on_hold:
                perform(tx, sync, SyncEvent.RESUME, cause, queue=Queue.NIGHTLY)
            work: Follow = tuple(tx.work)
    except IntegrityError:
        return False
    services.doorbell.ring(work)
    services.meter.count(metrics.FIRED)
    log.info("scheduled sync", district=district.id, slot=slot.isoformat())
    return True
