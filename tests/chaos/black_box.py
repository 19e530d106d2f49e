"""A storm from outside: `make chaos-outside SYNCS=2000 SEED=7`.

Only what an operator and an administrator have is used: the commands, the mails, the web pages, and
servers; and only SQL is asked for the verdict. Workers are killed once a second.
"""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

import psycopg
import redis

from chaos.administrators import Administrators
from chaos.bars import STRICT, Bars, wait_until
from chaos.clever import Weather, make_world
from chaos.commands import Commands
from chaos.folder import new_folder, say
from chaos.judge import Judge
from chaos.monitor import Measured
from chaos.post_office import MOODS, PostOffice
from chaos.servers import free_port
from chaos.sites import Embedded, Production
from chaos.truth import differences
from rosterhold.simulator.server import SimulatorServer

SPOIL_EVERY_S = 4.0
# What is spoiled wherever Rosterhold is installed, and how often among all.
SPOILS = {"mail mood": 2, "Clever fault": 4}
CALM_WITHIN_S = 300.0


@dataclass
class Report:
    """What a storm from outside did and what came of it."""

    seed: int
    syncs: int = 0
    seconds: float = 0.0
    transitions: int = 0
    rest_s: float = 0.0
    calm_s: float = 0.0
    orphans_s: float = 0.0
    stop_s: float = 0.0
    dealt: Counter[str] = field(default_factory=Counter)
    people: dict[str, int] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    mails: int = 0
    measured: Measured = field(default_factory=Measured)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        took = self.measured.takeovers
        yield (
            f"seed {self.seed}: {self.syncs} syncs in a storm of {self.seconds:.0f} s, "
            f"{self.syncs / max(self.seconds, 1):.1f} a second with "
            f"{self.transitions / max(self.seconds, 1):.0f} transitions"
        )
        yield f"  faults: {dict(sorted(self.dealt.items()))}"
        yield f"  people: {dict(sorted(self.people.items()))}"
        yield f"  processes started: {self.starts}; mails at the server: {self.mails}"
        yield (
            f"  taken over: {len(took)}, after at most {max(took, default=0):.1f} s; "
            f"due and free for at most {self.measured.longest_idle:.1f} s; "
            f"attempts of one piece of work: at most {self.measured.most_attempts}"
        )
        yield (
            f"  at rest {self.rest_s:.1f} s after the last fault; orphans gone after "
            f"{self.orphans_s:.1f} s; every district synced in calm weather in "
            f"{self.calm_s:.1f} s; stopped in {self.stop_s:.1f} s"
        )
        for seconds, way in sorted(self.measured.slow, reverse=True)[:5]:
            yield f"  taken over after {seconds:.1f} s: {way}"
        yield f"  wrong: {len(self.wrong)}"
        yield from (f"    {sentence}" for sentence in self.wrong[:40])


class BlackBox:
    """All that such a storm consists of; use it in a `with`."""

    def __init__(
        self, folder: Path, seed: int, *, towns: int, embedded: bool = False, bars: Bars = STRICT
    ) -> None:
        self.seed = seed
        self._bars = bars
        self._folder = folder
        self._stack = ExitStack()
        self._site = Embedded(folder) if embedded else Production(folder)
        self._post_office = PostOffice()
        self._simulator = SimulatorServer(make_world(self.rng("towns"), towns))
        self._weather = Weather(self._simulator, self.rng("weather"))
        self._port = free_port()

    def rng(self, role: str) -> Random:
        return Random(f"{self.seed}:{role}")

    def __enter__(self) -> Self:
        with self._stack:
            self._begin()
            # What went well so far is ended only with the storm.
            self._stack = self._stack.pop_all()
        return self

    def _begin(self) -> None:
        for server in (self._site, self._post_office, self._simulator):
            server.start()
            self._stack.callback(server.stop)
        environment = self._environment()
        rows = self._site.rows
        self._commands = Commands(self._folder, environment, self.rng("commands"))
        self.people = Administrators(
            self._commands, rows, self._post_office, self._weather, self.rng("people")
        )
        self.judge = Judge(rows, self._post_office, self.people.ledger)
        self._set_up()
        self.installation = self._site.install(environment, self._port)
        self._stack.callback(self.installation.stop)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _environment(self) -> dict[str, str]:
        return {
            **self._site.environment,
            "ROSTERHOLD_SNAPSHOTS": str(self._folder / "snapshots"),
            "ROSTERHOLD_CLEVER_API_URL": self._simulator.url,
            "ROSTERHOLD_CLEVER_OAUTH_URL": self._simulator.oauth_url,
            "ROSTERHOLD_SMTP_URL": self._post_office.url,
            "ROSTERHOLD_PUBLIC_URL": f"http://127.0.0.1:{self._port}",
            "ROSTERHOLD_SECRET_KEYS": "a key for storms and nothing else",
            "ROSTERHOLD_LOG_FORMAT": "json",
        }

    def _set_up(self) -> None:
        done = [self._commands.run("init")]
        for district in self._simulator.world.districts.values():
            words = ("--clever-id", district.id, "--name", district.name)
            mail = f"{district.id}@example.org"
            done.append(self._commands.run("district", "add", *words, "--admin", mail))
        for said in done:
            if said.code != 0:
                raise RuntimeError(said.err)

    def rage(self, *, seconds: float, syncs: int) -> Report:
        """The storm, the rest after it, the calm, and what is wrong then."""
        report = Report(self.seed)
        began = time.monotonic()
        self.people.begin(most_syncs=syncs)
        self._storm(report, until=began + seconds)
        report.seconds = time.monotonic() - began
        self.people.end()
        report.syncs = len(self.people.ledger.started)
        report.transitions = self.judge.rows("SELECT count(*) AS n FROM transitions")[0].n
        report.rest_s = wait_until(self.judge.resting, self._bars.rest)
        if report.rest_s >= self._bars.rest:
            report.wrong.append(f"not at rest {report.rest_s:.1f} s after the last fault")
        report.orphans_s = wait_until(lambda: not self.installation.orphans(), self._bars.rest)
        if left := self.installation.orphans():
            report.wrong.append(f"{len(left)} children outlive their parent")
        report.wrong += self.judge.verdict()
        if not report.wrong:
            report.calm_s = self._calm()
            report.wrong += self.judge.verdict()
            report.wrong += differences(self._site.rows, self._simulator.world)
        report.stop_s, codes = self.installation.stop()
        if any(code != 0 for of_service in codes.values() for code in of_service):
            report.wrong.append(f"told to stop, the processes ended with {codes}")
        report.people = dict(self.people.ledger.counts)
        report.starts = self.installation.starts
        report.mails = sum(len(taken) for taken in self._post_office.taken.values())
        report.measured = self._site.measured()
        return report

    def _storm(self, report: Report, *, until: float) -> None:
        over = threading.Event()
        faults = (
            (self._site.kill, self._site.kills, self._site.kill_every_s, self.rng("kills")),
            (self._spoil, {**SPOILS, **self._site.spoils}, SPOIL_EVERY_S, self.rng("spoils")),
        )
        threads = []
        for deal, weights, every_s, rng in faults:
            words = (over, report.dealt, deal, weights, every_s, rng)
            threads.append(threading.Thread(target=_deals, args=words, daemon=True))
        for thread in threads:
            thread.start()
        while time.monotonic() < until and not self.people.has_enough():
            time.sleep(0.2)
        over.set()
        for thread in threads:
            thread.join()
        self._weather.clear()

    def _spoil(self, name: str, rng: Random) -> None:
        if name == "mail mood":
            self._post_office.be(rng.choice(MOODS), rng.uniform(1, 8))
        elif name == "Clever fault":
            self._weather.spoil()
        else:
            self._site.spoil(name, rng)

    def _calm(self) -> float:
        """Everything works and everybody agrees: each district comes to be what Clever has."""
        self._weather.make_good()
        began = time.monotonic()
        self.people.bring_to_the_end(self.judge.open_syncs, within_s=CALM_WITHIN_S)
        self.people.start_all()
        self.people.bring_to_the_end(self.judge.open_syncs, within_s=CALM_WITHIN_S)
        wait_until(self.judge.resting, self._bars.rest)
        return time.monotonic() - began


def _deals(
    over: threading.Event,
    dealt: Counter[str],
    deal: Callable[[str, Random], None],
    weights: dict[str, int],
    every_s: float,
    rng: Random,
) -> None:
    while not over.wait(every_s):
        name = rng.choices(list(weights), list(weights.values()))[0]
        try:
            deal(name, rng)
            dealt[name] += 1
        except (psycopg.Error, redis.RedisError, OSError):
            dealt[f"{name} (missed: its server was away)"] += 1


def run(
    seed: int,
    *,
    seconds: float,
    syncs: int,
    towns: int,
    embedded: bool = False,
    bars: Bars = STRICT,
) -> Report:
    """One storm from beginning to end."""
    way = "--embedded" if embedded else "--outside"
    say(f"a storm from outside; again: python -m chaos {way} --syncs {syncs} --seed {seed}")
    folder = new_folder(seed)
    with BlackBox(folder, seed, towns=towns, embedded=embedded, bars=bars) as box:
        report = box.rage(seconds=seconds, syncs=syncs)
    for line in report.lines():
        say(line)
    if report.wrong:
        say(f"seed {seed} failed; logs, snapshots and the database lie in {folder}")
    else:
        shutil.rmtree(folder)
    return report
