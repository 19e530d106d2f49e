"""A whole service in one process against the stand-in Clever, on both pairs of servers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from rosterhold.adapters import destination
from rosterhold.adapters.database import decisions, districts, following, migrations, outbox, views
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.transitions import Cause, begin
from rosterhold.adapters.database.views import HoldView, SyncView
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.district import District
from rosterhold.simulator.files import load_district
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.statemachine.chart import SyncState, Work
from rosterhold.statemachine.decisions import Action, Refused
from rosterhold.statemachine.unchanged import BY_SCHEDULE
from rosterhold.workers.pool import WorkerPool

PERSON = decisions.Person("admin@example.org", "a test")
REST_WITHIN_S = 60


class Town:
    """One district, its sync service, and the people who use it."""

    def __init__(self, services: Services, simulator: SimulatorServer, clever_id: str) -> None:
        self.services = services
        self.simulator = simulator
        self.clever_id = clever_id
        with services.database.transaction() as tx:
            self.district_id = districts.add(
                tx, clever_id=clever_id, name="Anytown", emails=["admin@example.org"]
            )

    def clever_changes(self, name: str, **parameters: object) -> None:
        self.simulator.world.change(name, **parameters)

    def clever_fails(self, kind: str, **conditions: object) -> None:
        self.simulator.world.fail(kind, **conditions)

    def sync(self) -> SyncView:
        started = decisions.start(
            self.services.database, self.district_id, trigger="test", cause=Cause("a test")
        )
        assert isinstance(started, decisions.Started)
        self.services.doorbell.ring(started.work)
        return self.rest(started.sync_id)

    def sync_by_schedule(self) -> SyncView:
        """As the scheduler starts it, and how it comes to rest."""
        with self.services.database.transaction() as tx:
            sync_id = begin(
                tx, district_id=self.district_id, trigger=BY_SCHEDULE, cause=Cause("a test")
            )
            work = tuple(tx.work)
        self.services.doorbell.ring(work)
        return self.rest(sync_id)

    def rest(self, sync_id: str) -> SyncView:
        """Wait until the sync is on hold or at its end."""
        until = time.monotonic() + REST_WITHIN_S
        while time.monotonic() < until:
            with self.services.database.reading() as conn:
                view = views.sync_view(conn, sync_id)
            assert view is not None
            state = SyncState(view.state)
            if state.is_final or state.is_on_hold:
                return view
            time.sleep(0.02)
        raise AssertionError(f"the sync does not come to rest: {view.state}")

    def time_for_events_comes(self) -> None:
        """Let the next look for events be due, and wait until it was done."""
        row = self.look()
        with self.services.database.transaction() as tx:
            outbox.wake(tx, row.id)
            work = tuple(tx.work)
        self.services.doorbell.ring(work)
        until = time.monotonic() + REST_WITHIN_S
        while self.look().id == row.id:
            assert time.monotonic() < until, "nobody looks for events"
            time.sleep(0.02)

    def look(self) -> sa.Row[Any]:
        """The row of the next look for events."""
        with self.services.database.reading() as conn:
            query = sa.select(outbox_table).where(outbox_table.c.work == Work.EVENTS.value)
            return conn.execute(query).one()

    def syncs(self) -> list[SyncView]:
        """All syncs, the newest first."""
        with self.services.database.reading() as conn:
            return views.sync_views(conn, district_id=self.district_id)

    def why(self, sync_id: str) -> list[str]:
        with self.services.database.reading() as conn:
            return [line.why for line in views.history(conn, sync_id)]

    def hold(self, sync_id: str) -> HoldView:
        with self.services.database.reading() as conn:
            view = views.hold_view(conn, sync_id)
        assert view is not None
        return view

    def decide(self, sync_id: str, action: Action, digest: str | None = None) -> SyncView:
        decided = self.try_to_decide(sync_id, action, digest)
        assert isinstance(decided, decisions.Decided), decided
        self.services.doorbell.ring(decided.work)
        return self.rest(sync_id)

    def try_to_decide(
        self, sync_id: str, action: Action, digest: str | None = None
    ) -> decisions.Decided | Refused:
        return decisions.decide(
            self.services.database,
            self.services.store,
            sync_id=sync_id,
            action=action,
            digest=digest,
            person=PERSON,
        )

    def roster(self) -> dict[str, int]:
        with self.services.database.reading() as conn:
            return destination.active_counts(conn, self.district_id)

    def mails(self) -> list[str]:
        """The templates of all mails of the district's syncs, once they are sent."""
        until = time.monotonic() + REST_WITHIN_S
        while time.monotonic() < until:
            with self.services.database.reading() as conn:
                syncs = views.sync_views(conn, district_id=self.district_id)
                mails = [mail for sync in syncs for mail in views.email_views(conn, sync.id)]
            if all(mail.status == "sent" for mail in mails):
                return sorted(mail.template for mail in mails)
            time.sleep(0.05)
        raise AssertionError(f"not sent: {mails}")


@pytest.fixture(params=["embedded", "servers"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """SQLite with the Redis inside the process; PostgreSQL with a Redis server."""
    on_servers = request.param == "servers"
    return Settings(
        database_url=request.getfixturevalue("postgres_url")
        if on_servers
        else f"sqlite:///{tmp_path / 'rosterhold.db'}",
        redis_url=request.getfixturevalue("redis_url") if on_servers else None,
        snapshots=str(tmp_path / "snapshots"),
        mail_folder=str(tmp_path / "mail"),
        secret_keys=("a key for tests and nothing else",),
    )


def _town(
    settings: Settings, district: District, clock: Callable[[], float] = time.time
) -> Iterator[Town]:
    with SimulatorServer(World([district], clock=clock)) as simulator:
        services = build(
            replace(
                settings,
                clever_api_url=simulator.url,
                clever_oauth_url=f"{simulator.url}/oauth",
            )
        )
        migrations.upgrade(services.database)
        with WorkerPool(services):
            yield Town(services, simulator, district.id)
        services.close()


@pytest.fixture
def demo_town(settings: Settings, shared: Path) -> Iterator[Town]:
    """Clever's own demo district, as its answers were recorded."""
    yield from _town(settings, load_district(shared / "clever" / "demo-district"))


@pytest.fixture
def small_town(settings: Settings) -> Iterator[Town]:
    """A generated district of a few hundred people."""
    yield from _town(settings, generate_district(7, 400))


@pytest.fixture
def followed_town(settings: Settings) -> Iterator[Town]:
    """A small town that is followed by events, whose first full sync is done.

    Its Clever is an hour behind, so that no event is just being written.
    """
    for town in _town(settings, generate_district(7, 400), lambda: time.time() - 3600):
        town.clever_changes("edit-names", count=1)
        with town.services.database.transaction() as tx:
            following.switch(tx, town.district_id, on=True)
        town.sync()
        yield town
