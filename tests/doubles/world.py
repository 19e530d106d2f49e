"""The whole product with a small world around it: verbs for what can happen, by anybody."""

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from doubles.clever import TownClever
from doubles.clock import FIRST_DAY, Clock
from doubles.doorbell import LooseDoorbell
from doubles.memory_store import Frames, MemorySnapshots
from doubles.mishaps import Mishaps, MortalDatabase
from doubles.oracle import Found, Subject, covered
from doubles.post_office import PostOffice
from doubles.remember import pure_work_is_remembered
from doubles.town import Shared, Town
from rosterhold.adapters import layout
from rosterhold.adapters.database import decisions, migrations, schedules, syncs, tables, views
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.decisions import Decided, Person
from rosterhold.adapters.database.engine import LEASE
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.tickets import Tickets
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import Work
from rosterhold.statemachine.decisions import Action
from rosterhold.statemachine.reasons import Reason
from rosterhold.workers import email as email_module
from rosterhold.workers import runner as runner_module
from rosterhold.workers import scheduler
from rosterhold.workers.hands import Abandoned
from rosterhold.workers.runner import STEPS, Runner, Step
from rosterhold.workers.step import Follow
from rosterhold.workers.sweep import Sweep
from rosterhold.workers.under_way import UnderWay

DISTRICT = "01K0000000000000000000TOWN"
MEMORY_DISK = Path("/dev/shm")
ADMINISTRATOR = "office@town.example"


@dataclass(frozen=True)
class Memory:
    """A world to begin from."""

    database: sqlite3.Connection
    tables: dict[str, Any]
    texts: dict[str, bytes]
    given: dict[str, Shared]


@dataclass(frozen=True)
class Page:
    """What a person saw of a hold when he opened the report."""

    sync_id: str
    digests: dict[Reason, str]
    removals: tuple[Found, ...]
    configuration: tuple[tuple[str, tuple[str, str, str, str]], ...]


class World:
    """One district with its workers. The database is kept from life to life; `begin` starts one."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.mishaps = Mishaps()
        # A file, where a dead connection leaves no lock; in memory where there is such a disk.
        self._folder = TemporaryDirectory(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None)
        file = f"{self._folder.name}/world.db"
        self.database = MortalDatabase(f"sqlite:///{file}", self.clock, self.mishaps)
        self._anchor = sqlite3.connect(file, isolation_level=None)
        migrations.METADATA.create_all(self.database.engine)
        self._frames = Frames()
        self._tables = [table.name for table in reversed(migrations.METADATA.sorted_tables)]
        with pure_work_is_remembered():
            self._with_a_roster = self._sync_once()

    def rows(self, query: str, *values: object) -> list[Any]:
        return self._anchor.execute(query, values).fetchall()

    def moment(self) -> object:
        """Another one than before, when anything was committed or handed to the post meanwhile."""
        return self.rows("PRAGMA data_version"), self.post.taken.total()

    def _sync_once(self) -> Memory:
        self.begin()
        self.starts()
        self.delivers()
        kept = sqlite3.connect(":memory:")
        self._anchor.backup(kept)
        return Memory(kept, self.store.tables, self.store.texts, self.clever.given)

    def begin(self, *, has_a_roster: bool = False) -> None:
        """A new life: one district in an empty database, or with its first sync done."""
        self.clock.now = FIRST_DAY
        self.store = MemorySnapshots(self._frames, self.mishaps)
        self.clever = TownClever()
        if has_a_roster:
            kept = self._with_a_roster
            kept.database.backup(self._anchor)
            self.store.tables, self.store.texts = dict(kept.tables), dict(kept.texts)
            self.clever.given = dict(kept.given)
            self.clock.passes(3_600)
        else:
            self._empty_the_database()
        self.bell = LooseDoorbell(self.mishaps)
        self.post = PostOffice(self.mishaps)
        self.services = Services(
            settings=Settings(),
            database=self.database,
            store=self.store,
            broker=cast("Any", None),
            doorbell=self.bell,
            rate_gate=cast("Any", None),
            mailer=self.post,
            tickets=Tickets(["the town's key"]),
        )
        self.employs(self._steps())
        self.pages: list[Page] = []
        self.confirmed: dict[str, set[Subject]] = {}
        # Sync and evaluation → the schools that somebody confirmed removals for.
        self.answered: dict[tuple[str, int], set[str]] = {}
        self.accepted: set[tuple[str, str, str, str]] = set()
        # Mails that a worker was at when something befell it: they may have gone out unnoted.
        self.excused: dict[str, int] = {}

    def employs(self, steps: Mapping[Work, Step]) -> None:
        """Have workers that do each step so."""
        self._runner = Runner(self.services, steps, under_way=NobodyRenews(self.database))
        self._runner._jitter = random.Random(7)  # noqa: SLF001 - nothing is left to chance
        self._abandoned = Abandoned(self._runner, self._runner.work, free=lambda: 0)
        self._sweep = Sweep(
            self.services, self._runner, role="worker", abandoned=self._abandoned.found
        )

    def _steps(self) -> dict[Work, Step]:
        """The real steps; the mishaps are told when one begins."""

        def announced(name: Work, step: Step) -> Step:
            def do(services: Services, claim: Claim, sync: SyncRow) -> Follow:
                self.mishaps.step_begins(name)
                return step(services, claim, sync)

            return do

        return {name: announced(name, step) for name, step in STEPS.items()}

    def _empty_the_database(self) -> None:
        self._anchor.execute("BEGIN")
        for table in self._tables:
            self._anchor.execute(f'DELETE FROM "{table}"')
        self._anchor.execute("COMMIT")
        self._found_the_district()

    def _found_the_district(self) -> None:
        with self.database.transaction() as tx:
            tx.conn.execute(
                sa.insert(tables.districts).values(
                    id=DISTRICT,
                    clever_id="town",
                    name="Town",
                    time_zone="UTC",
                    policy={},
                    leave_out_types=[],
                    leave_out_crowds=False,
                    created_at=tx.now,
                )
            )
            tx.conn.execute(
                sa.insert(tables.administrators).values(district_id=DISTRICT, email=ADMINISTRATOR)
            )
            schedules.add(tx, DISTRICT, "UTC")

    # What people and schedules do

    def starts(self) -> None:
        started = decisions.start(self.database, DISTRICT, trigger="test", cause=Cause("a test"))
        if isinstance(started, decisions.Started):
            self.bell.ring(started.work)

    def looks(self) -> None:
        """A person opens the report of the open sync and keeps the page."""
        with self.database.reading() as conn:
            sync = views.latest_sync(conn, DISTRICT)
            if sync is None:
                return
            held = views.hold_view(conn, sync.id)
        assert held is not None
        seen: dict[str, list[Any]] = {reason: [] for reason in Reason}
        for line in held.reasons:
            if line.reason != Reason.DISCONNECTED:
                prefix = layout.evaluation_prefix(DISTRICT, sync.id, line.evaluation_no)
                for _, reason, *row in self.store.rows(layout.named_ref(prefix)):
                    if reason == line.reason:
                        seen[reason].append(tuple(row))
        page = Page(
            sync.id,
            {Reason(line.reason): line.digest for line in held.reasons},
            tuple((school, tuple(subject)) for school, _, *subject in seen[Reason.DATA_REMOVALS]),
            tuple((school, tuple(row)) for school, *row in seen[Reason.DATA_CONFIGURATION]),
        )
        if page.digests:
            self.pages.append(page)

    def decides(
        self, action: Action, page_number: int = -1, *, schools: Sequence[str] | None = None
    ) -> None:
        """A person answers what he saw on some page, even one of long ago; or a part of it."""
        if not self.pages:
            return
        page = self.pages[page_number]
        meant = Reason.DATA_REMOVALS if action is Action.CONFIRM else Reason.DATA_CONFIGURATION
        before = self._decisions()
        try:
            answer = decisions.decide(
                self.database,
                self.store,
                sync_id=page.sync_id,
                action=action,
                digest=page.digests.get(meant),
                person=Person("office", "a test"),
                schools=schools,
            )
        finally:
            # Whoever dies just after the commit has decided.
            if self._decisions() > before:
                self._covers(action, page, schools)
        if isinstance(answer, Decided):
            self.bell.ring(answer.work)

    def _decisions(self) -> int:
        return len(self.rows("SELECT id FROM decisions"))

    def _covers(self, action: Action, page: Page, schools: Sequence[str] | None) -> None:
        if action is Action.CONFIRM:
            ((number,),) = self.rows(
                "SELECT evaluation_no FROM decisions ORDER BY rowid DESC LIMIT 1"
            )
            answered = self.answered.setdefault((page.sync_id, number), set())
            answered.update(_everywhere(page.removals) if schools is None else schools)
            confirmed = self.confirmed.setdefault(page.sync_id, set())
            confirmed |= covered(page.removals, answered)
        if action is Action.ACCEPT:
            everywhere = _everywhere(page.configuration)
            chosen = everywhere if schools is None else everywhere & set(schools)
            self.accepted |= {one for school, one in page.configuration if school in chosen}

    def answers_everything(self) -> None:
        """Every button that a hold may have, on the page seen last."""
        for action in (Action.FIXED, Action.CONFIRM, Action.ACCEPT):
            self.decides(action)

    def is_held(self) -> bool:
        return bool(self.rows("SELECT id FROM syncs WHERE state LIKE 'on_hold.%'"))

    def cancels(self) -> None:
        with self.database.reading() as conn:
            sync = syncs.find_open(conn, DISTRICT)
        if sync is not None:
            answer = decisions.cancel(self.database, sync.id, Cause("enough", "office"))
            if isinstance(answer, Decided):
                self.bell.ring(answer.work)

    def night_falls(self) -> None:
        scheduler.tick(self.services)

    # What the machines do

    def works(self, work_id: int, *, goes_on: bool = True) -> None:
        """A worker does what a message says, and what follows if its time lasts."""
        with _inline_for(5.0 if goes_on else -1.0), self.clever.stands_in(), nothing_by_chance():
            self._abandoned.answer(work_id)

    def delivers(self, number: int = 0, *, twice: bool = False, goes_on: bool = True) -> None:
        message = self.bell.take(number, keep=twice)
        if message is not None:
            self.works(message[0], goes_on=goes_on)

    def loses(self, number: int = 0) -> None:
        self.bell.take(number)

    def sweeps(self) -> None:
        with self.clever.stands_in(), nothing_by_chance():
            self._sweep.trust_no_lost_message()
            self._sweep.once()

    def calms_down(self) -> None:
        """Everything works again, and there is time."""
        self.clever.connected, self.clever.surprises = True, 0
        self.bell.away, self.post.mood = False, "takes"
        for _ in range(40):
            self.sweeps()
            while self.bell.waiting:
                self.delivers()
            if not self.work_left():
                return
            self.clock.passes(1_900)
        raise AssertionError(f"work is left when all is calm: {self.work_left()}")

    def work_left(self) -> list[Any]:
        """What is to be done at once or soon; reminders wait for days."""
        return self.rows(
            "SELECT id, work, attempts FROM outbox WHERE given_up_at IS NULL AND work <> 'remind'"
        )

    def reminders_left(self) -> list[int]:
        return [row[0] for row in self.rows("SELECT id FROM outbox WHERE work = 'remind'")]

    # What befalls them

    def dies(self, act: Callable[[], None], point: int, step: str | None = None) -> str:
        """A worker dies at its n-th point; what it held in memory is gone."""
        with self.mishaps.dies_at(point, step):
            act()
        if self.mishaps.struck:
            self.database.loses_its_process()
            self._excuse_mails()
        return self.mishaps.struck

    def freezes(
        self,
        act: Callable[[], None],
        point: int,
        *,
        seconds: float,
        meanwhile: Callable[[], None],
        step: str | None = None,
    ) -> None:
        """A worker stands still for a while at or after its n-th point, and then goes on."""

        def time_passes() -> None:
            self.clock.passes(seconds)
            if seconds > LEASE.total_seconds():
                self._excuse_mails()
            meanwhile()

        with self.mishaps.freezes_at(point, time_passes, step):
            act()

    def _excuse_mails(self) -> None:
        """A mail that is just being sent may go out once more when its worker loses the lease."""
        for (mail_id,) in self.rows(
            "SELECT subject FROM outbox WHERE work = 'email' AND leased_until IS NOT NULL"
        ):
            self.excused[mail_id] = self.excused.get(mail_id, 0) + 1

    @property
    def town(self) -> Town:
        return self.clever.town

    @town.setter
    def town(self, town: Town) -> None:
        self.clever.town = town


def _everywhere(found: Iterable[tuple[str, Any]]) -> set[str]:
    return {school for school, _ in found}


@contextmanager
def _inline_for(seconds: float) -> Iterator[None]:
    real = runner_module.INLINE_BUDGET_S
    runner_module.INLINE_BUDGET_S = seconds  # type: ignore[misc]
    try:
        yield
    finally:
        runner_module.INLINE_BUDGET_S = real  # type: ignore[misc]


@contextmanager
def nothing_by_chance() -> Iterator[None]:
    """Waits are drawn from one seed."""
    real = email_module.random
    email_module.random = cast("Any", SimpleNamespace(Random=lambda: random.Random(7)))
    try:
        yield
    finally:
        email_module.random = real


class NobodyRenews(UnderWay):
    """Time passes only between the steps: no thread renews anything."""

    @contextmanager
    def kept(self, claim: Claim) -> Iterator[None]:
        del claim
        yield
