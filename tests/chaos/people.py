"""People in a storm: they start syncs, and answer holds: rightly, twice at once, on old pages."""

import threading
import time
from collections import Counter, defaultdict
from random import Random
from threading import Barrier, Thread
from typing import TypeVar

import redis
from dramatiq.errors import DramatiqError
from sqlalchemy.exc import SQLAlchemyError

from chaos.clever import Weather
from rosterhold.adapters import layout
from rosterhold.adapters.database import decisions, districts, syncs, views
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.views import HoldView, SyncView
from rosterhold.config.wiring import Services
from rosterhold.statemachine.decisions import ANSWERS, BOUND_TO_A_DIGEST, Action
from rosterhold.statemachine.reasons import Reason

T = TypeVar("T")
Subjects = set[tuple[str, ...]]
# What a storm may do to a person's request; a page would say "please try again".
AWAY = (SQLAlchemyError, redis.RedisError, DramatiqError, OSError)


class Book:
    """What people did and were told, for the checker."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        # sync → records whose removal somebody confirmed, as the page showed them.
        self.confirmed: defaultdict[str, Subjects] = defaultdict(set)
        self.digests: list[str] = []

    def note(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def breach(self, what: str) -> None:
        with self.lock:
            self.broken.append(what)


class People:
    """The people of all districts, one thread each role."""

    def __init__(self, services: Services, weather: Weather, book: Book, rng: Random) -> None:
        self._services = services
        self._weather = weather
        self._book = book
        self._rng = rng
        self._over = threading.Event()
        self._threads: list[Thread] = []
        self.syncs = 0

    def begin(self, *, most_syncs: int) -> None:
        self._threads = [
            Thread(target=self._start_syncs, args=(most_syncs,), name="starter", daemon=True),
            Thread(target=self._answer_holds, name="administrator", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _start_syncs(self, most: int) -> None:
        rng = Random(self._rng.random())
        while not self._over.is_set() and self.syncs < most:
            try:
                self._start_one(rng)
            except AWAY:
                self._book.note("a request failed, the database was away")
                self._over.wait(0.3)
            self._over.wait(rng.uniform(0.0, 0.05))

    def _start_one(self, rng: Random) -> None:
        with self._services.database.reading() as conn:
            every = districts.every(conn)
        district = rng.choice(every)
        if rng.random() < 0.6:
            self._weather.change(district.clever_id)
        started = self.start(district.id)
        if isinstance(started, decisions.Started):
            self.syncs += 1
            self._book.note("syncs started")
        elif started.state.is_on_hold and rng.random() < 0.3:
            decided = decisions.check_held_again(
                self._services.database, started.sync_id, Cause("its time in the night")
            )
            if decided is not None:
                self._book.note("held syncs checked by schedule")
                self._services.doorbell.ring(decided.work)

    def start(self, district_id: str) -> decisions.Started | decisions.AlreadyOpen:
        started = decisions.start(
            self._services.database, district_id, trigger="storm", cause=Cause("a storm")
        )
        if isinstance(started, decisions.Started):
            self._services.doorbell.ring(started.work)
        return started

    def _answer_holds(self) -> None:
        rng = Random(self._rng.random())
        while not self._over.is_set():
            try:
                held = self.held()
                for sync in rng.sample(held, min(len(held), 8)):
                    self._answer_one(rng, sync)
            except AWAY:
                self._book.note("a request failed, the database was away")
                self._over.wait(0.3)
            self._over.wait(rng.uniform(0.02, 0.2))

    def held(self) -> list[SyncView]:
        with self._services.database.reading() as conn:
            return views.sync_views(conn, held_only=True, limit=1_000)

    def _answer_one(self, rng: Random, sync: SyncView) -> None:
        hold = self.page(sync.id)
        if hold is None or not hold.digest:
            return
        self._book.digests.append(hold.digest)
        if rng.random() < 0.06:
            self._cancel(sync.id)
            return
        if rng.random() < 0.15:
            self._answer_on_an_old_page(rng, hold)
        times = 2 if rng.random() < 0.3 else 1
        self.answer(rng, hold, at_once=times)

    def page(self, sync_id: str) -> HoldView | None:
        with self._services.database.reading() as conn:
            return views.hold_view(conn, sync_id)

    def _cancel(self, sync_id: str) -> None:
        ended = decisions.cancel(self._services.database, sync_id, Cause("not now", "a person"))
        self._book.note(f"cancel: {type(ended).__name__}")

    def _answer_on_an_old_page(self, rng: Random, hold: HoldView) -> None:
        old = rng.choice(self._book.digests)
        shown = {line.digest for line in hold.reasons}
        action = rng.choice(sorted(BOUND_TO_A_DIGEST))
        told = self._decide(hold.sync, action, old)
        self._book.note(f"old page: {type(told).__name__}")
        if isinstance(told, decisions.Decided) and old not in shown:
            # The hold may have come to be just this one between the look and the answer.
            now = self.page(hold.sync)
            if now is None or old not in {line.digest for line in now.reasons}:
                self._book.breach(f"{hold.sync}: {action} on the old digest {old} was taken")

    def answer(self, rng: Random, hold: HoldView, *, at_once: int = 1) -> None:
        """One answer to one open reason, perhaps from two browsers in the same instant."""
        line = rng.choice([line for line in hold.reasons if not line.answered])
        actions = [action for action in Action if Reason(line.reason) in ANSWERS[action]]
        action = rng.choice(sorted(actions))
        if action is Action.CONFIRM:
            self._remember(hold, line.evaluation_no)
        told = self._together(hold.sync, action, line.digest, at_once)
        taken = sum(isinstance(one, decisions.Decided) for one in told)
        self._book.note(f"{action}: {taken} of {at_once} taken")
        if taken > 1 and action in BOUND_TO_A_DIGEST:
            self._book.breach(f"{hold.sync}: {action} was taken twice on {line.digest}")

    def _remember(self, hold: HoldView, evaluation_no: int) -> None:
        prefix = layout.evaluation_prefix(hold.district, hold.sync, evaluation_no)
        subjects = self._services.store.scan(
            [layout.subjects_ref(prefix, Reason.DATA_REMOVALS)]
        ).collect()
        rows = subjects.select("kind", "key").iter_rows()
        with self._book.lock:
            self._book.confirmed[hold.sync].update(rows)

    def _together(self, sync_id: str, action: Action, digest: str, times: int) -> list[object]:
        told: list[object] = []
        gate = Barrier(times)

        def one() -> None:
            gate.wait()
            try:
                told.append(self._decide(sync_id, action, digest))
            except AWAY as error:
                told.append(error)
                if not _is_away(error):
                    self._book.breach(f"{sync_id}: {action} ended with {error!r}"[:300])

        threads = [Thread(target=one) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told

    def _decide(self, sync_id: str, action: Action, digest: str | None) -> object:
        told = decisions.decide(
            self._services.database,
            self._services.store,
            sync_id=sync_id,
            action=action,
            digest=digest,
            person=decisions.Person("person@example.org", "a storm"),
        )
        if isinstance(told, decisions.Decided):
            self._services.doorbell.ring(told.work)
        return told

    def bring_to_the_end(self, *, within_s: float) -> float:
        """In calm weather: confirm whatever is on hold, until no sync is open."""
        began = time.monotonic()
        rng = Random(self._rng.random())
        while open_ones := self._open_ones():
            if time.monotonic() - began > within_s:
                raise AssertionError(f"still open: {open_ones[:5]} and {len(open_ones)} in all")
            for sync in self.held():
                hold = self.page(sync.id)
                if hold is not None and hold.digest:
                    self.answer(rng, hold)
            time.sleep(0.1)
        return time.monotonic() - began

    def _open_ones(self) -> list[tuple[str, str]]:
        with self._services.database.reading() as conn:
            return [
                (sync.id, sync.state.value)
                for district in districts.every(conn)
                if (sync := syncs.find_open(conn, district.id)) is not None
            ]


def _is_away(error: BaseException) -> bool:
    """Whether it is the storm's doing: any other error of the database is a defect."""
    return not isinstance(error, SQLAlchemyError) or type(error).__name__ in {
        "OperationalError",
        "InterfaceError",
        "TimeoutError",
        "InternalError",
    }
