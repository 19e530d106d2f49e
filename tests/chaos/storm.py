"""A storm over real processes and real servers: `make chaos SYNCS=10000 SEED=7`.

The seed draws the districts, the faults with their times, and what people do; how the processes
interleave is the machine's. A run prints its seed, what it dealt and what it measured.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chaos.checker import Checker
from chaos.clever import Weather, make_world
from chaos.crew import Crew
from chaos.messages import Meddler
from chaos.monitor import Measured, Monitor
from chaos.nemesis import Nemesis, draw
from chaos.people import Book, People
from chaos.post_office import PostOffice
from chaos.servers import Postgres, Valkey
from chaos.truth import differences
from rosterhold.adapters.database import districts, migrations
from rosterhold.config.settings import load
from rosterhold.config.wiring import build
from rosterhold.simulator.server import SimulatorServer

REST_WITHIN_S = 60.0
# 30 s where only the worker died (see test_ends_of_a_process); in a storm the database, Redis and
# all other workers, frozen ones too, may be away as well.
TAKEN_OVER_WITHIN_S = 60.0
CALM_WITHIN_S = 120.0
LONGEST_S = 24 * 3600.0
# Seconds from fault to fault, on average: a long storm has to leave time for its syncs.
FIERCE_EVERY_S, LONG_EVERY_S = 0.55, 3.0


@dataclass
class Report:
    """What a storm did and what came of it."""

    seed: int
    syncs: int = 0
    seconds: float = 0.0
    rest_s: float = 0.0
    calm_s: float = 0.0
    stop_s: float = 0.0
    dealt: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    deaths: list[str] = field(default_factory=list)
    restarts: int = 0
    mails: int = 0
    measured: Measured = field(default_factory=Measured)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        took = self.measured.takeovers
        yield f"seed {self.seed}: {self.syncs} syncs in a storm of {self.seconds:.0f} s"
        yield f"  faults: {dict(sorted(self.dealt.items()))}"
        yield f"  people: {dict(sorted(self.people.items()))}"
        places = len(set(self.deaths))
        yield f"  killed at a drawn line: {len(self.deaths)}, at {places} different lines"
        yield f"  units started again: {self.restarts}; mails at the server: {self.mails}"
        yield (
            f"  taken over: {len(took)}, after at most {max(took, default=0):.1f} s; "
            f"due and free for at most {self.measured.longest_idle:.1f} s; "
            f"attempts of one piece of work: at most {self.measured.most_attempts}"
        )
        yield (
            f"  at rest {self.rest_s:.1f} s after the last fault; "
            f"every district synced in calm weather in {self.calm_s:.1f} s; "
            f"workers stopped in {self.stop_s:.1f} s"
        )
        yield f"  wrong: {len(self.wrong)}"
        yield from (f"    {sentence}" for sentence in self.wrong[:40])


def new_folder(seed: int) -> Path:
    """A folder that other accounts can reach, PostgreSQL's among them."""
    path = Path(tempfile.mkdtemp(prefix=f"rosterhold-chaos-{seed}-"))
    path.chmod(0o755)
    return path


class Storm:
    """All that a storm consists of; use it in a `with`."""

    def __init__(self, folder: Path, seed: int, *, towns: int, doomed: float = 0.4) -> None:
        self.seed = seed
        self.folder = folder
        self._stack = ExitStack()
        self.postgres = Postgres(folder)
        self.valkey = Valkey(folder)
        self.post_office = PostOffice()
        self.simulator = SimulatorServer(make_world(self.rng("towns"), towns))
        self.weather = Weather(self.simulator, self.rng("weather"))
        self.deaths = folder / "deaths.log"
        self._calm_sign = folder / "calm"
        self._doomed = doomed
        self.book = Book()

    def rng(self, role: str) -> random.Random:
        return random.Random(f"{self.seed}:{role}")

    def __enter__(self) -> Self:
        for server in (self.postgres, self.valkey, self.post_office, self.simulator):
            server.start()
            self._stack.callback(server.stop)
        environment = self._environment()
        self.services = build(load({**os.environ, **environment}))
        self._stack.callback(self.services.close)
        migrations.upgrade(self.services.database)
        self._add_districts()
        self.meddler = Meddler(self.services.broker, self.valkey.client)
        self.people = People(self.services, self.weather, self.book, self.rng("people"))
        self.checker = Checker(self.services, self.post_office, self.book)
        self.monitor = Monitor(self.postgres.url, self.meddler)
        self.monitor.start()
        self._stack.callback(self.monitor.stop)
        self.new_crew()
        return self

    def new_crew(self) -> None:
        """Start worker processes, while those of before are stopping or gone."""
        self.crew = Crew(self.folder, self._environment())
        self.crew.start()
        self._stack.callback(self.crew.stop)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _environment(self) -> dict[str, str]:
        return {
            "ROSTERHOLD_DATABASE_URL": self.postgres.url,
            "ROSTERHOLD_REDIS_URL": self.valkey.url,
            "ROSTERHOLD_SNAPSHOTS": str(self.folder / "snapshots"),
            "ROSTERHOLD_CLEVER_API_URL": self.simulator.url,
            "ROSTERHOLD_CLEVER_OAUTH_URL": self.simulator.oauth_url,
            "ROSTERHOLD_SMTP_URL": self.post_office.url,
            "ROSTERHOLD_SECRET_KEYS": "a key for storms and nothing else",
            "ROSTERHOLD_LOG_FORMAT": "json",
            "CHAOS_SEED": str(self.seed),
            "CHAOS_DOOMED": str(self._doomed),
            "CHAOS_DEATHS": str(self.deaths),
            "CHAOS_CALM": str(self._calm_sign),
        }

    def _add_districts(self) -> None:
        with self.services.database.transaction() as tx:
            for district in self.simulator.world.districts.values():
                emails = [f"{district.id}@example.org"]
                districts.add(tx, clever_id=district.id, name=district.name, emails=emails)

    def rage(self, *, seconds: float, syncs: int, every_s: float) -> Report:
        """The storm, the rest after it, the calm, and what is wrong then."""
        report = Report(self.seed)
        nemesis = Nemesis(
            crew=self.crew,
            postgres=self.postgres,
            valkey=self.valkey,
            post_office=self.post_office,
            weather=self.weather,
            meddler=self.meddler,
        )
        began = time.monotonic()
        self.people.begin(most_syncs=syncs)
        nemesis.rage(
            draw(self.rng("nemesis"), seconds=seconds, every_s=every_s),
            over=lambda: self.people.syncs >= syncs,
        )
        self._calm_sign.touch()
        self.people.end()
        report.seconds = time.monotonic() - began
        report.syncs = self.people.syncs
        report.rest_s = self._until_rest()
        report.wrong += self.checker.all()
        report.wrong += self._too_slow(report)
        if not report.wrong:
            report.calm_s = self._calm()
            report.wrong += self.checker.all()
            report.wrong += differences(self.services, self.simulator.world)
        report.stop_s = self.crew.stop()
        self._tell(report, nemesis)
        return report

    def _until_rest(self) -> float:
        began = time.monotonic()
        while not self.checker.resting() and time.monotonic() - began < REST_WITHIN_S:
            time.sleep(0.2)
        return time.monotonic() - began

    def _too_slow(self, report: Report) -> Iterator[str]:
        slowest = max(self.monitor.measured.takeovers, default=0)
        if slowest > TAKEN_OVER_WITHIN_S:
            yield f"a dead worker's work was taken over after {slowest:.1f} s only"
        if report.rest_s >= REST_WITHIN_S:
            yield f"not at rest {report.rest_s:.1f} s after the last fault"

    def _calm(self) -> float:
        """Everything works and everybody agrees: each district comes to be what Clever has."""
        self.weather.make_good()
        began = time.monotonic()
        self.people.bring_to_the_end(within_s=CALM_WITHIN_S)
        with self.services.database.reading() as conn:
            every = districts.every(conn)
        for district in every:
            self.people.start(district.id)
        self.people.bring_to_the_end(within_s=CALM_WITHIN_S)
        while not self.checker.resting() and time.monotonic() - began < CALM_WITHIN_S:
            time.sleep(0.2)
        return time.monotonic() - began

    def _tell(self, report: Report, nemesis: Nemesis) -> None:
        report.dealt = dict(nemesis.dealt)
        report.dealt["messages forged"] = self.meddler.sent
        report.dealt["changes of data"] = self.weather.changes
        report.people = dict(self.book.counts)
        report.deaths = self.deaths.read_text().splitlines() if self.deaths.exists() else []
        report.restarts = self.crew.restarts
        report.mails = sum(len(taken) for taken in self.post_office.taken.values())
        report.measured = self.monitor.measured


def run(
    seed: int, *, seconds: float, syncs: int, towns: int, every_s: float = FIERCE_EVERY_S
) -> Report:
    """One storm from beginning to end."""
    say(f"a storm with the seed {seed}; again: make chaos SYNCS={syncs} SEED={seed}")
    folder = new_folder(seed)
    with Storm(folder, seed, towns=towns) as storm:
        report = storm.rage(seconds=seconds, syncs=syncs, every_s=every_s)
    for line in report.lines():
        say(line)
    if report.wrong:
        say(f"seed {seed} failed; logs, snapshots and the database lie in {folder}")
    else:
        shutil.rmtree(folder)
    return report


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--towns", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=LONGEST_S, help="of the storm, at most")
    parser.add_argument(
        "--every", type=float, default=LONG_EVERY_S, help="seconds from fault to fault"
    )
    given = parser.parse_args()
    # A run that is told to end takes its servers and workers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seed = random.SystemRandom().getrandbits(31) if given.seed is None else given.seed
    report = run(
        seed,
        seconds=given.seconds,
        syncs=given.syncs,
        towns=given.towns,
        every_s=given.every,
    )
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
