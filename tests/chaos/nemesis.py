"""What goes wrong, and when: drawn from the seed before the storm begins."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import redis

from chaos.clever import Weather
from chaos.crew import Crew
from chaos.line import Line
from chaos.messages import Meddler
from chaos.post_office import MOODS, PostOffice
from chaos.servers import Postgres, Valkey

Fault = Callable[[], object]

# Name → how often, among all.
WEIGHTS: dict[str, int] = {
    "kill a worker": 7,
    "kill a unit": 2,
    "terminate a unit": 1,
    "flush Redis": 3,
    "restart Redis empty": 2,
    "Redis away": 2,
    "freeze Redis": 1,
    "restart PostgreSQL": 2,
    "PostgreSQL away": 1,
    "PostgreSQL read-only": 1,
    "cut connections": 8,
    "mail mood": 6,
    "mail away": 1,
    "full disk": 1,
    "a line hangs": 2,
    "Clever fault": 20,
    "messages": 14,
}
HURT_MOST = (
    "kill a unit",
    "restart PostgreSQL",
    "PostgreSQL read-only",
    "flush Redis",
    "restart Redis empty",
)
# Longer than a lease.
FROZEN_S = 23.0


@dataclass(frozen=True)
class Blow:
    """A fault and its time, in seconds from the beginning."""

    at: float
    name: str
    seed: float


def draw(rng: Random, *, seconds: float, every_s: float) -> list[Blow]:
    """The whole storm, drawn at once: the same seed gives the same storm."""
    blows: list[Blow] = []
    at = 2.0
    while at < seconds:
        name = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        blows.append(Blow(at, name, rng.random()))
        at += rng.expovariate(1 / every_s)
    # However short, a storm has some of each that hurts most.
    blows += [Blow(rng.uniform(3.0, seconds), name, rng.random()) for name in HURT_MOST]
    for minute in range(math.ceil((seconds - FROZEN_S) / 60)):
        last = min(60.0 * (minute + 1), seconds) - FROZEN_S
        begins = rng.uniform(60.0 * minute + 2.0, max(last, 60.0 * minute + 3.0))
        blows.append(Blow(begins, "freeze a unit", rng.random()))
    return sorted(blows, key=lambda blow: blow.at)


class Nemesis:
    """Deals the blows, each in a thread of its own where it lasts."""

    def __init__(
        self,
        *,
        crew: Crew,
        postgres: Postgres,
        valkey: Valkey,
        post_office: PostOffice,
        weather: Weather,
        meddler: Meddler,
        disk_full: Path,
        lines: Sequence[Line],
    ) -> None:
        self._crew = crew
        self._postgres = postgres
        self._valkey = valkey
        self._post_office = post_office
        self._weather = weather
        self._meddler = meddler
        self._disk_full = disk_full
        self._lines = lines
        self._one_at_a_time = {"PostgreSQL": threading.Lock(), "Redis": threading.Lock()}
        self._lasting: list[threading.Thread] = []
        self.dealt: Counter[str] = Counter()

    def rage(self, blows: list[Blow], over: Callable[[], bool] = lambda: False) -> None:
        began = time.monotonic()
        for blow in blows:
            while (left := began + blow.at - time.monotonic()) > 0 and not over():
                time.sleep(min(left, 0.5))
            if over():
                break
            self.dealt[blow.name] += 1
            thread = threading.Thread(target=self._deal, args=(blow,), name=blow.name, daemon=True)
            thread.start()
            self._lasting.append(thread)
        for thread in self._lasting:
            thread.join()
        self._post_office.mood = "kind"
        self._weather.clear()
        self._postgres.read_only(on=False)

    def _deal(self, blow: Blow) -> None:
        rng = Random(blow.seed)
        faults: dict[str, Fault] = {
            "kill a worker": lambda: self._crew.kill_one(rng),
            "kill a unit": lambda: self._crew.kill_unit(rng),
            "terminate a unit": lambda: self._crew.terminate_unit(rng),
            "freeze a unit": lambda: self._freeze(rng),
            "flush Redis": self._valkey.flush,
            "restart Redis empty": self._valkey.restart,
            "Redis away": lambda: self._valkey.restart(rng.uniform(1, 6)),
            "freeze Redis": lambda: self._valkey.freeze(rng.uniform(0.5, 3)),
            "restart PostgreSQL": self._postgres.restart,
            "PostgreSQL away": lambda: self._postgres.restart(rng.uniform(1, 4)),
            "PostgreSQL read-only": lambda: self._refuse_writes(rng),
            "cut connections": lambda: self._postgres.cut(rng),
            "mail mood": lambda: self._mood(rng),
            "mail away": lambda: self._mail_away(rng),
            "a line hangs": lambda: self._hang(rng),
            "full disk": lambda: self._fill_disk(rng),
            "Clever fault": self._clever,
            "messages": lambda: self._meddler.meddle(rng),
        }
        lock = next((at for name, at in self._one_at_a_time.items() if name in blow.name), None)
        try:
            if lock is None:
                faults[blow.name]()
            else:
                with lock:
                    faults[blow.name]()
        except (redis.RedisError, OSError, ConnectionError):
            self.dealt[f"{blow.name} (missed: its server was away)"] += 1
        except Exception as error:  # a server of the storm itself, not of the product
            if "psycopg" not in type(error).__module__:
                raise
            self.dealt[f"{blow.name} (missed: its server was away)"] += 1

    def _clever(self) -> None:
        self.dealt[f"Clever: {self._weather.spoil()}"] += 1

    def _freeze(self, rng: Random) -> None:
        # In the middle of something: Clever takes its time.
        self._weather.be_slow(seconds=2.0, times=30)
        time.sleep(1.0)
        self._crew.freeze_unit(rng, FROZEN_S)

    def _refuse_writes(self, rng: Random) -> None:
        """As a failed-over server does; one that is started again meanwhile still refuses."""
        self._postgres.read_only(on=True)
        time.sleep(rng.uniform(0.5, 4))
        self._postgres.read_only(on=False)

    def _fill_disk(self, rng: Random) -> None:
        """The workers' files, for a while; `doomed` looks whether this one is there."""
        self._disk_full.touch()
        time.sleep(rng.uniform(0.5, 4))
        self._disk_full.unlink(missing_ok=True)

    def _hang(self, rng: Random) -> None:
        """A few seconds, or longer than a lease: what was sent before comes after all, or never."""
        seconds = rng.choice((rng.uniform(1, 8), FROZEN_S))
        rng.choice(self._lines).hang(seconds, then_cut=rng.random() < 0.5)

    def _mood(self, rng: Random) -> None:
        self._post_office.be(rng.choice(MOODS), rng.uniform(1, 8))

    def _mail_away(self, rng: Random) -> None:
        self._post_office.stop()
        time.sleep(rng.uniform(1, 4))
        self._post_office.start()
