"""A night of many districts: two schedulers of which one is killed again and again, four workers.

    python benchmarks/night.py [DISTRICTS] [SECONDS]

The schedulers run the product's tick, each in a process of its own, on a clock on which 24 hours
pass in so many seconds, and which begins when everybody is up; a tick is due each 20 s of that
clock, and follows at once when the one before took longer. Up to about 50 times a night one of them
is killed with SIGKILL and replaced. The worker processes are real, with their queue, claims and
sweep, but the steps of a sync are a stand-in that fetches, judges and applies nothing: it makes the
transitions and commits them.

PostgreSQL and Valkey are the script's own. In 24 hours each district has one slot, unless the clock
is set in them; what counts is how many syncs each district has in the end.
"""

import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from dramatiq import Worker
from orchestration import STEPS, services
from own_servers import own_servers

from rosterhold.adapters.database import migrations, schedules
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.schedule_tables import schedules as schedule_table
from rosterhold.adapters.database.tables import districts, syncs
from rosterhold.config.logging import configure
from rosterhold.workers import scheduler
from rosterhold.workers.actors import declare
from rosterhold.workers.runner import Runner
from rosterhold.workers.sweep import Sweep, SweepMiddleware

NIGHT: Final = timedelta(hours=24)
SCHEDULERS: Final = 2
WORKERS: Final = 4
THREADS: Final = 4
# Shares of the night that pass between two kills, at least and at most.
KILLED_EVERY: Final = (1 / 150, 1 / 30)
DRAINED_WITHIN_S: Final = 600.0
ZONES: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)
CONTEXT: Final = multiprocessing.get_context("spawn")


@dataclass
class Clock:
    """The clock of the simulation: it runs so many times too fast, from when its file is there.

    Attributes:
        first: the time that it shows at first.
        file: has the real time at which it began.
    """

    first: datetime
    speed: float
    file: Path

    def begin(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(time.time()))
        new.rename(self.file)

    @cached_property
    def began(self) -> float:
        """Waits until it begins."""
        while not self.file.exists():
            time.sleep(0.05)
        return float(self.file.read_text())

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self.began) * self.speed)
        return self.first + min(passed, NIGHT)

    def is_over(self) -> bool:
        return self.now() - self.first >= NIGHT


def ticks(clock: Clock, notes: Path) -> None:
    """A scheduler process. It notes when a tick begins, and what the tick came to."""
    configure("json", "ERROR")
    parts = services()
    sent = Counter[str]()

    def count(*given: Any) -> None:
        sent["all"] += not given[2].startswith("BEGIN")

    sa.event.listen(parts.database.engine, "before_cursor_execute", count)
    with notes.open("a", buffering=1, encoding="utf-8") as file:
        over = False
        while not over:
            over = clock.is_over()
            now = clock.now()
            file.write("begins\n")
            began, sent["all"] = time.perf_counter(), 0
            fired = scheduler.tick(parts, now)
            took = time.perf_counter() - began
            file.write(json.dumps({"fired": fired, "sent": sent["all"], "took": took}) + "\n")
            time.sleep(max(0.0, scheduler.TICK_S / clock.speed - took))


def work(clock: Clock, notes: Path) -> None:
    """A worker process that lives until the file "over" is there. It notes that it is up."""
    configure("json", "ERROR")
    parts = services()
    runner = Runner(parts, STEPS)
    parts.broker.add_middleware(SweepMiddleware(Sweep(parts, runner, role="worker")))
    declare(parts.broker, runner.work)
    worker = Worker(parts.broker, worker_threads=THREADS)
    worker.start()
    notes.touch()
    while not clock.file.with_name("over").exists():
        time.sleep(0.2)
    worker.stop()


@dataclass
class Night:
    """The processes, and what the schedulers noted."""

    clock: Clock
    folder: Path
    killed: int = 0
    killed_in_a_tick: int = 0
    notes: list[Path] = field(default_factory=list)

    def starts(self, what: Callable[[Clock, Path], None], notes: Path) -> SpawnProcess:
        process = CONTEXT.Process(target=what, args=(self.clock, notes), daemon=True)
        process.start()
        return process

    def starts_a_scheduler(self) -> tuple[SpawnProcess, Path]:
        self.notes.append(self.folder / f"scheduler-{len(self.notes)}")
        return self.starts(ticks, self.notes[-1]), self.notes[-1]

    def starts_workers(self) -> list[SpawnProcess]:
        """They are up when this returns."""
        notes = [self.folder / f"worker-{number}" for number in range(WORKERS)]
        started = [self.starts(work, one) for one in notes]
        _until_all_are_there(notes)
        return started

    def passes(self) -> None:
        """Kill the schedulers in turn until the night is over; the last ones end by themselves.

        The next one is killed when both are up.
        """
        living = [self.starts_a_scheduler() for _ in range(SCHEDULERS)]
        _until_all_are_there([notes for _, notes in living])
        self.clock.begin()
        seconds = NIGHT.total_seconds() / self.clock.speed
        while not self.clock.is_over():
            time.sleep(random.uniform(*KILLED_EVERY) * seconds)
            _until_all_are_there([notes for _, notes in living])
            if self.clock.is_over():
                break
            victim, notes = living.pop(0)
            victim.kill()
            victim.join()
            self.killed += 1
            self.killed_in_a_tick += notes.exists() and notes.read_text().endswith("begins\n")
            living.append(self.starts_a_scheduler())
        for process, _ in living:
            process.join()

    def noted(self) -> list[dict[str, float]]:
        lines = [line for one in self.notes if one.exists() for line in one.open(encoding="utf-8")]
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]


def _until_all_are_there(files: list[Path]) -> None:
    while not all(file.exists() for file in files):
        time.sleep(0.05)


def populate(database: Database, number: int) -> None:
    with database.transaction() as tx:
        rows: list[dict[str, Any]] = [
            {
                "id": f"{n:026}",
                "clever_id": f"{n:024x}",
                "name": f"District {n}",
                "time_zone": ZONES[n % len(ZONES)],
                "policy": {},
                "leave_out_types": [],
                "leave_out_crowds": False,
                "created_at": tx.now,
            }
            for n in range(number)
        ]
        tx.conn.execute(sa.insert(districts), rows)
    schedules.complete(database)


def drained(database: Database) -> int:
    """Wait until no sync is open; how many are when that takes too long."""
    until = time.monotonic() + DRAINED_WITHIN_S
    query = sa.select(sa.func.count()).where(syncs.c.finished_at.is_(None))
    while True:
        with database.reading() as conn:
            left: int = conn.execute(query).scalar_one()
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.5)


def report(database: Database, night: Night, expected: set[str]) -> None:
    with database.reading() as conn:
        started = Counter(conn.execute(sa.select(syncs.c.district_id)).scalars())
    once = sum(number == 1 for number in started.values())
    doubled = sum(number > 1 for number in started.values())
    missed = len(expected - set(started))
    early = len(set(started) - expected)
    print(
        f"slots    {len(expected)}: {once} fired once, {missed} missed, {doubled} doubled, "
        f"{early} that were not due"
    )
    print(f"killed   {night.killed} schedulers, {night.killed_in_a_tick} of them within a tick")
    noted = night.noted()
    idle = [one for one in noted if one["sent"] == 1]
    busy = [one for one in noted if one["fired"]]
    print(f"ticks    {len(noted)} that came to their end: {len(idle)} idle, {len(busy)} that fired")
    for name, some in (("idle", idle), ("firing", busy)):
        if some:
            took = sorted(one["took"] * 1000 for one in some)
            print(
                f"{name:8} {statistics.mean(one['sent'] for one in some):.1f} queries a tick; "
                f"{statistics.median(took):.1f} ms in the middle, {took[-1]:.0f} ms at most"
            )
    fired = sum(one["fired"] for one in busy)
    if fired:
        print(
            f"a slot   {sum(one['sent'] for one in busy) / fired:.1f} queries, "
            f"{sum(one['took'] for one in busy) / fired * 1000:.1f} ms"
        )


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 15_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 600.0  # noqa: PLR2004 - an argument
    with ExitStack() as stack:
        servers = stack.enter_context(own_servers())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["ROSTERHOLD_DATABASE_URL"] = servers.empty_database()
        os.environ["ROSTERHOLD_REDIS_URL"] = servers.empty_redis()
        database = services().database
        stack.callback(database.dispose)
        migrations.upgrade(database)
        began = time.perf_counter()
        populate(database, number)
        print(
            f"{number} districts, given their schedules in {time.perf_counter() - began:.1f} s; "
            f"24 hours in {seconds:.0f} s; {servers.versions()}; load {os.getloadavg()[0]:.1f}"
        )
        with database.reading() as conn:
            slot = schedule_table.c.next_due_at
            # Slots lie on whole minutes: the second one of the first district comes too late.
            first = conn.execute(sa.select(sa.func.min(slot))).scalar_one() - timedelta(minutes=1)
            query = sa.select(schedule_table.c.district_id).where(slot <= first + NIGHT)
            expected = set(conn.execute(query).scalars())
        clock = Clock(first, NIGHT.total_seconds() / seconds, folder / "began")
        night = Night(clock, folder)
        workers = night.starts_workers()
        night.passes()
        load, over = os.getloadavg()[0], time.perf_counter()
        left = drained(database)
        (folder / "over").touch()
        for process in workers:
            process.join()
        report(database, night, expected)
        print(
            f"left     {left} syncs that are not complete {time.perf_counter() - over:.0f} s after "
            f"the night; load at its end {load:.1f}"
        )


if __name__ == "__main__":
    main()
