"""How long the work of a killed worker lies before another one goes on with it.

    python benchmarks/recovery.py [ROUNDS]

Two units of one worker process each, PostgreSQL and Valkey of their own, and a stand-in Clever that
answers slowly. In each round the process that is at a fetch is killed with SIGKILL, and then, in as
many rounds, its whole unit. What counts is the time from there until somebody has claimed the work
again, and until the sync has gone on to its next state.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import sqlalchemy as sa
from own_servers import own_servers

from rosterhold.adapters.database import decisions, districts, migrations
from rosterhold.adapters.database.tables import outbox, syncs
from rosterhold.adapters.database.transitions import Cause
from rosterhold.config.settings import load
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

BAR_S: Final = 30.0
WITHIN_S: Final = 90.0
WORKER: Final = "from rosterhold.cli.main import run; run()"


@dataclass
class Unit:
    """`rosterhold worker` as a supervisor would keep it: started again when it ended."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WORKER, "worker", "--processes", "1", "--threads", "4"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def reads_from(self, port: int) -> bool:
        """Whether its worker has a connection to this port of loopback: it is at a fetch."""
        return any(
            connection.raddr and connection.raddr.port == port
            for child in self.workers()
            for connection in child.net_connections("tcp")
        )

    def workers(self) -> list[psutil.Process]:
        assert self.process is not None
        children: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return children

    def kill_its_worker(self) -> None:
        """The worker alone: its parent starts another one."""
        for child in self.workers():
            child.kill()

    def kill(self) -> None:
        """Parent and worker at once; nobody starts them again."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait()


@contextmanager
def stage(rounds: int) -> Iterator[tuple[Services, SimulatorServer, list[Unit]]]:
    """Everything that a round needs; a district for each."""
    towns = [
        generate_district(seed, 60, clever_id=f"5{seed:023x}") for seed in range(1, rounds + 1)
    ]
    with ExitStack() as stack:
        servers = stack.enter_context(own_servers())
        simulator = stack.enter_context(SimulatorServer(World(towns)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {
            **os.environ,
            "ROSTERHOLD_DATABASE_URL": servers.empty_database(),
            "ROSTERHOLD_REDIS_URL": servers.empty_redis(),
            "ROSTERHOLD_SNAPSHOTS": str(folder / "snapshots"),
            "ROSTERHOLD_MAIL_FOLDER": str(folder / "mail"),
            "ROSTERHOLD_CLEVER_API_URL": simulator.url,
            "ROSTERHOLD_CLEVER_OAUTH_URL": simulator.oauth_url,
            "ROSTERHOLD_SECRET_KEYS": "a key for this measurement",
            "ROSTERHOLD_LOG_FORMAT": "json",
        }
        services = build(load(environment))
        stack.callback(services.close)
        migrations.upgrade(services.database)
        with services.database.transaction() as tx:
            for town in towns:
                districts.add(tx, clever_id=town.id, name="measured", emails=[])
        units = [Unit(environment, folder / f"unit-{number}.log") for number in (1, 2)]
        for unit in units:
            unit.start()
            stack.callback(unit.stop)
        yield services, simulator, units


def until(found: Callable[[], bool]) -> float:
    """Wait for it; how many seconds that took."""
    began = time.monotonic()
    while not found():
        if time.monotonic() - began > WITHIN_S:
            raise SystemExit(f"nothing happened within {WITHIN_S:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began


def one_round(
    services: Services,
    simulator: SimulatorServer,
    units: list[Unit],
    district_id: str,
    *,
    whole: bool,
) -> tuple[float, float]:
    """Seconds until the work was claimed again, and until the sync had gone on."""
    simulator.world.fail("slow", seconds=60.0, times=40, path="/users")
    started = decisions.start(
        services.database, district_id, trigger="benchmark", cause=Cause("measured")
    )
    assert isinstance(started, decisions.Started)
    services.doorbell.ring(started.work)

    def epoch() -> int:
        own = outbox.c.sync_id == started.sync_id
        with services.database.reading() as conn:
            return conn.execute(sa.select(outbox.c.epoch).where(own)).scalar_one_or_none() or 0

    def version() -> int:
        with services.database.reading() as conn:
            own = syncs.c.id == started.sync_id
            reached: int = conn.execute(sa.select(syncs.c.version).where(own)).scalar_one()
        return reached

    until(lambda: any(unit.reads_from(simulator.port) for unit in units))
    unit = next(unit for unit in units if unit.reads_from(simulator.port))
    before = epoch()
    unit.kill() if whole else unit.kill_its_worker()
    simulator.world.heal()
    claimed = until(lambda: version() > 1 or epoch() > before)
    went_on = claimed + until(lambda: version() > 1)
    if whole:
        unit.start()
    return claimed, went_on


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    results: dict[str, list[tuple[float, float]]] = {"its process": [], "its whole unit": []}
    with stage(2 * rounds) as (services, simulator, units):
        with services.database.reading() as conn:
            ids = [district.id for district in districts.every(conn)]
        for number, district_id in enumerate(ids):
            killed = "its process" if number < rounds else "its whole unit"
            whole = killed == "its whole unit"
            results[killed].append(one_round(services, simulator, units, district_id, whole=whole))
    print(f"{rounds} rounds each; seconds after the kill, the bar is {BAR_S:.0f}")
    for killed, times in results.items():
        for what, column in (("claimed again", 0), ("gone on", 1)):
            took = sorted(one[column] for one in times)
            print(
                f"{killed:15} {what:14} least {took[0]:5.1f}  median {statistics.median(took):5.1f}"
                f"  most {took[-1]:5.1f}"
            )


if __name__ == "__main__":
    main()
