"""A storm over real processes and real servers: `make chaos SYNCS=10000 SEED=7`.

The seed draws the districts, the faults with their times, and what people do; how the processes
interleave is the machine's. A run prints its seed, what it dealt and what it measured.
"""

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import sqlalchemy as sa

from chaos.bars import STRICT, Bars, wait_until
from chaos.checker import Checker
from chaos.clever import Weather, make_world
from chaos.crew import Crew
from chaos.folder import new_folder, say
from chaos.line import Line
from chaos.messages import Meddler
from chaos.monitor import Measured, Monitor
from chaos.nemesis import Nemesis, draw
from chaos.people import Book, People
from chaos.post_office import PostOffice
from chaos.servers import Postgres, Valkey
from chaos.sql import of_postgres
from chaos.truth import differences
from rosterhold.adapters.database import districts, migrations
from rosterhold.adapters.database.tables import outbox, syncs
from rosterhold.config.settings import load
from rosterhold.config.wiring import build
from rosterhold.simulator.server import SimulatorServer

CALM_WITHIN_S = 300.0
# Of the log of the workers, when something does not come about.
LINES_TOLD = 200
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
        for seconds, way in sorted(self.measured.slow, reverse=True)[:5]:
            yield f"  taken over after {seconds:.1f} s: {way}"
        yield f"  wrong: {len(self.wrong)}"
        yield from (f"    {sentence}" for sentence in self.wrong[:40])


class Storm:
    """All that a storm consists of; use it in a `with`."""

    def __init__(
        self, folder: Path, seed: int, *, towns: int, doomed: float = 0.4, bars: Bars = STRICT
    ) -> None:
        self.seed = seed
        self._bars = bars
        self.folder = folder
        self._stack = ExitStack()
        self.postgres = Postgres(folder)
        self.valkey = Valkey(folder)
        self.post_office = PostOffice()
        self.simulator = SimulatorServer(make_world(self.rng("towns"), towns))
        self.lines = {
            name: Line(server.port)
            for name, server in (
                ("ROSTERHOLD_DATABASE_URL", self.postgres),
                ("ROSTERHOLD_REDIS_URL", self.valkey),
                ("ROSTERHOLD_SMTP_URL", self.post_office),
            )
        }
        self.weather = Weather(self.simulator, self.rng("weather"))
        self.deaths = folder / "deaths.log"
        self._calm_sign = folder / "calm"
        self._disk_full = folder / "disk is full"
        self._doomed = doomed
        self.book = Book()

    def rng(self, role: str) -> random.Random:
        return random.Random(f"{self.seed}:{role}")

    def __enter__(self) -> Self:
        with self._stack:
            self._begin()
            # What went well so far is ended only with the storm.
            self._stack = self._stack.pop_all()
        return self

    def _begin(self) -> None:
        near = (self.postgres, self.valkey, self.post_office, self.simulator)
        for server in (*near, *self.lines.values()):
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
        self.monitor = Monitor(self.postgres.url, self.meddler.learn)
        self.monitor.start()
        self._stack.callback(self.monitor.stop)
        self.new_crew()

    def new_crew(self, **environment: str) -> None:
        """Start worker processes, while those of before are stopping or gone."""
        settings = {**self._environment(), **environment}
        self.crew = Crew(self.folder, settings, far=self._seen_from_afar())
        self.crew.start()
        self._stack.callback(self.crew.stop)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def tells(self) -> str:
        """What is open, what the worker processes said, and what each of their threads is at."""
        with self.services.database.reading() as conn:
            unfinished = conn.execute(sa.select(syncs).where(syncs.c.finished_at.is_(None)))
            rows = [*unfinished.mappings(), *conn.execute(sa.select(outbox)).mappings()]
        self.crew.tell_their_threads()
        said = self.crew.log_path.read_text().splitlines()[-LINES_TOLD:]
        return "\n".join((*(str(dict(row)) for row in rows), *said))

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
            # Ended by SIGABRT, a process says what each of its threads is at.
            "PYTHONFAULTHANDLER": "1",
            "CHAOS_SEED": str(self.seed),
            "CHAOS_DOOMED": str(self._doomed),
            "CHAOS_DEATHS": str(self.deaths),
            "CHAOS_CALM": str(self._calm_sign),
            "CHAOS_DISK_FULL": str(self._disk_full),
        }

    def _seen_from_afar(self) -> dict[str, str]:
        """The servers' addresses over lines that can hang."""
        near = self._environment()
        return {
            name: f"{near[name].rpartition(':')[0]}:{line.port}{_path(near[name])}"
            for name, line in self.lines.items()
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
            disk_full=self._disk_full,
            lines=list(self.lines.values()),
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
        report.rest_s = wait_until(self.checker.resting, self._bars.rest)
        report.wrong += self.checker.all()
        report.wrong += self._too_slow(report)
        if not report.wrong:
            report.calm_s = self._calm()
            report.wrong += self.checker.all()
            report.wrong += differences(of_postgres(self.postgres.url), self.simulator.world)
        report.stop_s = self.crew.stop()
        self._tell(report, nemesis)
        return report

    def _too_slow(self, report: Report) -> Iterator[str]:
        slowest = max(self.monitor.measured.takeovers, default=0)
        if slowest > self._bars.take_over:
            yield f"a dead worker's work was taken over after {slowest:.1f} s only"
        if report.rest_s >= self._bars.rest:
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
        wait_until(self.checker.resting, CALM_WITHIN_S)
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


def _path(url: str) -> str:
    return urlsplit(url).path


def run(
    seed: int,
    *,
    seconds: float,
    syncs: int,
    towns: int,
    every_s: float = LONG_EVERY_S,
    bars: Bars = STRICT,
) -> Report:
    """One storm from beginning to end."""
    say(f"a storm with the seed {seed}; again: make chaos SYNCS={syncs} SEED={seed}")
    folder = new_folder(seed)
    with Storm(folder, seed, towns=towns, bars=bars) as storm:
        report = storm.rage(seconds=seconds, syncs=syncs, every_s=every_s)
    for line in report.lines():
        say(line)
    if report.wrong:
        say(f"seed {seed} failed; logs, snapshots and the database lie in {folder}")
    else:
        shutil.rmtree(folder)
    return report
