"""A store or a database that takes no more: the sync waits, goes on, or fails in clear words."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from rosterhold.adapters import destination
from rosterhold.adapters.database import claims, decisions, districts, migrations, outbox, views
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.views import SyncView
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.workers.runner import Runner


class Disk:
    full = False


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk under every folder of snapshots."""
    disk = Disk()
    replace_file = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if disk.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    return disk


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with SimulatorServer(World([generate_district(3, 40)])) as simulator:
        built = build(
            Settings(
                database_url=f"sqlite:///{tmp_path / 'rosterhold.db'}",
                snapshots=str(tmp_path / "snapshots"),
                mail_folder=str(tmp_path / "mail"),
                clever_api_url=simulator.url,
                clever_oauth_url=simulator.oauth_url,
                secret_keys=("a key for tests and nothing else",),
            )
        )
        migrations.upgrade(built.database)
        built.store = FolderSnapshots(tmp_path / "snapshots")
        yield built
        built.close()


@pytest.fixture
def sync_id(services: Services) -> str:
    with services.database.transaction() as tx:
        district_id = districts.add(
            tx,
            clever_id=generate_district(3, 40).id,
            name="Anytown",
            emails=["admin@example.org"],
        )
    started = decisions.start(services.database, district_id, trigger="test", cause=Cause("a test"))
    assert isinstance(started, decisions.Started)
    return started.sync_id


def seen(services: Services, sync_id: str) -> SyncView:
    with services.database.reading() as conn:
        view = views.sync_view(conn, sync_id)
    assert view is not None
    return view


def work(services: Services, times: int = 1) -> None:
    """Do what there is to do, so many times, without the waits in between."""
    for _ in range(times):
        with services.database.reading() as conn:
            ids = conn.execute(sa.select(outbox_table.c.id)).scalars().all()
        for work_id in ids:
            with services.database.transaction() as tx:
                tx.conn.execute(sa.update(outbox_table).values(due_at=tx.now, leased_until=None))
            Runner(services).work(work_id)


def test_a_full_store_fails_the_sync_with_the_disk_in_words(
    services: Services, sync_id: str, disk: Disk
):
    disk.full = True
    work(services, times=claims.MAX_FAILURES)
    sync = seen(services, sync_id)
    assert sync.state == "failed"
    assert sync.failure is not None
    assert "the snapshot store cannot write" in sync.failure
    assert sync.failure.endswith("No space left on device")
    with services.database.reading() as conn:
        assert sum(destination.active_counts(conn, sync.district).values()) == 0
        assert outbox.waiting(conn) == 0


def test_a_store_that_has_room_again_in_time_is_gone_on_with(
    services: Services, sync_id: str, disk: Disk
):
    disk.full = True
    work(services, times=2)
    assert seen(services, sync_id).state == "running.fetching"
    disk.full = False
    work(services)
    assert seen(services, sync_id).state == "completed"


def test_a_full_database_is_waited_for_and_nothing_is_applied_by_half(
    services: Services, sync_id: str
):
    engine = services.database.engine

    def pages(most: int) -> None:
        with engine.connect() as conn:
            conn.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    with engine.connect() as conn:
        used = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages(used + 1)
    work(services, times=3)
    sync = seen(services, sync_id)
    assert sync.state.startswith("running.")
    with services.database.reading() as conn:
        assert sum(destination.active_counts(conn, sync.district).values()) == 0
    pages(1_000_000)
    work(services, times=2)
    assert seen(services, sync_id).state == "completed"
