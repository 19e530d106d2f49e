"""The two ways Rosterhold is installed: with servers and many processes, or all in one."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import ClassVar

import psycopg

from chaos.installation import Installation, Service
from chaos.monitor import Measured, Monitor
from chaos.servers import Postgres, Valkey
from chaos.sql import of_postgres, of_sqlite

WORKER = ("worker", "--processes", "2", "--threads", "4")
# For how many districts the night comes at once.
MOST_AT_NIGHT = 8


class Production:
    """PostgreSQL, Valkey, two units of workers, two schedulers and the web pages.

    Attributes:
        kill_every_s: seconds from kill to kill.
        kills: which process is killed → how often, among all.
        spoils: which server is hurt → how often.
    """

    kill_every_s = 1.0
    kills: ClassVar = {"child": 6, "parent": 2, "group": 2, "scheduler": 1, "web": 1}
    spoils: ClassVar = {
        "flush Redis": 2,
        "restart Redis empty": 2,
        "restart PostgreSQL": 1,
        "cut connections": 3,
        "night": 3,
    }

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postgres = Postgres(folder)
        self._valkey = Valkey(folder)
        self._monitor = Monitor(self._postgres.url)
        self.rows = of_postgres(self._postgres.url)
        self.environment = {
            "ROSTERHOLD_DATABASE_URL": self._postgres.url,
            "ROSTERHOLD_REDIS_URL": self._valkey.url,
        }

    def start(self) -> None:
        self._postgres.start()
        self._valkey.start()

    def stop(self) -> None:
        self._valkey.stop()
        self._postgres.stop()

    def install(self, environment: Mapping[str, str], port: int) -> Installation:
        def service(*words: str, clock_wrong_by_s: float = 0.0) -> Service:
            return Service(words, self._folder, environment, clock_wrong_by_s)

        self._workers = [service(*WORKER), service(*WORKER, clock_wrong_by_s=420.0)]
        self._schedulers = [service("scheduler"), service("scheduler", clock_wrong_by_s=-600.0)]
        self._web = service("web", "--port", str(port))
        self._let_no_night_come_by_itself()
        self._monitor.start()
        return Installation([*self._workers, *self._schedulers, self._web])

    def measured(self) -> Measured:
        self._monitor.stop()
        return self._monitor.measured

    def kill(self, name: str, rng: Random) -> None:
        unit = rng.choice(self._workers)
        kills: dict[str, Callable[[], object]] = {
            "child": lambda: unit.kill_child(rng),
            "parent": unit.kill,
            "group": unit.kill_group,
            "scheduler": rng.choice(self._schedulers).kill,
            "web": self._web.kill,
        }
        kills[name]()

    def spoil(self, name: str, rng: Random) -> None:
        spoils: dict[str, Callable[[], object]] = {
            "flush Redis": self._valkey.flush,
            "restart Redis empty": lambda: self._valkey.restart(rng.uniform(0, 2)),
            "restart PostgreSQL": lambda: self._postgres.restart(rng.uniform(0, 2)),
            "cut connections": lambda: self._postgres.cut(rng),
            "night": lambda: self._night(rng),
        }
        spoils[name]()

    def _let_no_night_come_by_itself(self) -> None:
        """Whatever the hour: the only slots are those of `_night`."""
        month = (datetime.now(UTC).month + 5) % 12 + 1
        with psycopg.connect(self._postgres.url) as conn:
            conn.execute(
                "UPDATE schedules SET cron = %s, next_due_at = now() + interval '100 days'",
                [f"0 0 1 {month} *"],
            )

    def _night(self, rng: Random) -> None:
        """Let the nightly slot come for some districts that have had none: a minute ago."""
        unused = "NOT EXISTS (SELECT FROM fired f WHERE f.schedule = 'nightly:' || s.district_id)"
        with psycopg.connect(self._postgres.url) as conn:
            # A scheduler that is just using a slot of theirs comes first: whether it did is seen
            # by the statement after the one that waits for it.
            asked = f"SELECT s.district_id FROM schedules s WHERE {unused} LIMIT %s FOR UPDATE"
            rows = conn.execute(asked, [rng.randint(1, MOST_AT_NIGHT)]).fetchall()
            conn.execute(
                "UPDATE schedules s SET next_due_at = now() - interval '1 minute' "
                f"WHERE s.district_id = ANY(%s) AND {unused}",
                [[district_id for (district_id,) in rows]],
            )


class Embedded:
    """`rosterhold up` on SQLite: one process, and a file."""

    # It takes a second to start.
    kill_every_s = 2.0
    kills: ClassVar = {"up": 1}
    spoils: ClassVar[dict[str, int]] = {}

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / "rosterhold.db"
        self.rows = of_sqlite(file)
        self.environment = {"ROSTERHOLD_DATABASE_URL": f"sqlite:///{file}"}

    def start(self) -> None:
        """There is no server."""

    stop = start

    def install(self, environment: Mapping[str, str], port: int) -> Installation:
        self._up = Service(("up", "--port", str(port)), self._folder, environment)
        return Installation([self._up])

    def measured(self) -> Measured:
        return Measured()

    def kill(self, _name: str, _rng: Random) -> None:
        self._up.kill()

    def spoil(self, name: str, _rng: Random) -> None:
        raise AssertionError(f"nobody spoils {name} here")
