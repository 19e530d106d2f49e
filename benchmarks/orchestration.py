"""Small syncs a second as pure orchestration: start, fetched, cleared, applied, each committed.

    ROSTERHOLD_DATABASE_URL=… ROSTERHOLD_REDIS_URL=… python benchmarks/orchestration.py [SYNCS]

The steps do nothing but what every step does: settle the claim, make the transition with its
history row and its follow-up work, commit. Messages go through Redis to two worker processes of the
product, with their sweeps and leases; a sync is one of its own district, so none waits for another.
What counts is the middle 90 % of the steps, by the time that the database gave them.
"""

import gc
import multiprocessing
import os
import sys
import time
from multiprocessing.synchronize import Event
from types import MappingProxyType

import sqlalchemy as sa

from rosterhold.adapters.database import decisions, districts, migrations
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import syncs, transitions
from rosterhold.adapters.database.transitions import Cause, perform_alone
from rosterhold.config.logging import configure
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.statemachine.chart import SyncEvent, Work
from rosterhold.workers.pool import WorkerPool
from rosterhold.workers.runner import Step
from rosterhold.workers.step import Follow

SYNCS = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
PROCESSES = 2
THREADS = 8


def services() -> Services:
    return build(
        Settings(
            database_url=os.environ["ROSTERHOLD_DATABASE_URL"],
            redis_url=os.environ.get("ROSTERHOLD_REDIS_URL"),
            secret_keys=("a key for this measurement",),
            snapshots="/tmp/rosterhold-bench-none",
        )
    )


def step(event: SyncEvent) -> Step:
    def do(parts: Services, claim: Claim, sync: SyncRow) -> Follow:
        return perform_alone(parts.database, sync, event, Cause("measured"), settles=claim)

    return do


STEPS = MappingProxyType(
    {
        Work.FETCH: step(SyncEvent.FETCHED),
        Work.EVALUATE: step(SyncEvent.CLEAR),
        Work.APPLY: step(SyncEvent.APPLIED),
    }
)


def work(stop: Event) -> None:
    configure("json", "WARNING", for_good=True)
    parts = services()
    # As the product's entry does it.
    gc.freeze()
    with WorkerPool(parts, threads=THREADS, steps=STEPS):
        stop.wait()


def wait_for_all(database: Database) -> None:
    open_ones = sa.select(sa.func.count()).where(syncs.c.finished_at.is_(None))
    while True:
        with database.reading() as conn:
            if not conn.execute(open_ones).scalar_one():
                return
        time.sleep(0.2)


def middle_rate(database: Database) -> float:
    """Syncs a second: the steps of the middle 90 %, by their number in a sync."""
    made_by_workers = sa.select(transitions.c.at).where(transitions.c.seq > 1)
    with database.reading() as conn:
        times = sorted(conn.execute(made_by_workers).scalars())
    low, high = int(len(times) * 0.05), int(len(times) * 0.95)
    seconds: float = (times[high] - times[low]).total_seconds()
    return (high - low) / len(STEPS) / seconds


def main() -> None:
    parts = services()
    migrations.upgrade(parts.database)
    with parts.database.transaction() as tx:
        ids = [
            districts.add(tx, clever_id=f"{time.time_ns():x}{n}", name="measured", emails=[])
            for n in range(SYNCS)
        ]
    began = time.perf_counter()
    waiting: list[Written] = []
    for district_id in ids:
        started = decisions.start(
            parts.database, district_id, trigger="benchmark", cause=Cause("measured")
        )
        assert isinstance(started, decisions.Started)
        waiting.extend(started.work)
    started_in = time.perf_counter() - began
    parts.doorbell.ring(waiting)
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    workers = [context.Process(target=work, args=(stop,)) for _ in range(PROCESSES)]
    for process in workers:
        process.start()
    wait_for_all(parts.database)
    stop.set()
    for process in workers:
        process.join()
    rate = middle_rate(parts.database)
    print(f"{SYNCS} syncs on {parts.database.engine.dialect.name}, {PROCESSES} worker processes")
    print(f"started  {SYNCS / started_in:7.0f} a second")
    print(f"syncs    {rate:7.0f} a second (middle 90 %)")


if __name__ == "__main__":
    main()
