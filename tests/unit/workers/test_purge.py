"""What a purge deletes and what it leaves, on both databases."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from rosterhold.adapters import layout
from rosterhold.adapters.database import districts, tables
from rosterhold.adapters.manifests import write_manifest
from rosterhold.adapters.snapshots import FolderSnapshots, SnapshotStoreError
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import Manifest
from rosterhold.statemachine.chart import SyncState
from rosterhold.workers.purge import purge, purge_when_due

NOW = datetime(2026, 9, 1, 13, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
KEEP = timedelta(days=35)
OLD = timedelta(days=100)


class StoreAway(FolderSnapshots):
    """A store that refuses some districts."""

    refused: frozenset[str] = frozenset()

    def delete_tree(self, prefix):
        if prefix.split("/")[0] in self.refused:
            raise SnapshotStoreError("delete", prefix, "permission denied")
        super().delete_tree(prefix)


class Archive:
    """Districts with syncs of long ago."""

    def __init__(self, database, root) -> None:
        self.store = StoreAway(root)
        self.services = Services(
            settings=Settings(),
            database=database,
            store=self.store,
            broker=None,
            doorbell=None,
            rate_gate=None,
            mailer=None,
            tickets=None,
        )
        self.numbers = count(1)

    def district(self, name: str = "Anytown") -> str:
        with self.services.database.transaction() as tx:
            return districts.add(tx, clever_id=f"clever-{name}", name=name, emails=[])

    def sync(self, district: str, age: timedelta | None, state=SyncState.COMPLETED) -> str:
        """A sync that finished so long ago, with its files; open without an age."""
        sync_id = f"SYNC{next(self.numbers):022}"
        with self.services.database.transaction() as tx:
            tx.conn.execute(
                sa.insert(tables.syncs).values(
                    id=sync_id,
                    district_id=district,
                    state=state.value,
                    version=1,
                    trigger="test",
                    fetch_no=1,
                    evaluation_no=1,
                    counts={},
                    set_aside={},
                    started_at=NOW - (age or timedelta(days=400)) - timedelta(hours=1),
                    finished_at=None if age is None else NOW - age,
                )
            )
        fetch = layout.fetch_prefix(district, sync_id, 1)
        evaluation = layout.evaluation_prefix(district, sync_id, 1)
        files = {name: f"{fetch}/{name}.parquet" for name in KINDS}
        for ref in files.values():
            self.store.write_bytes(ref, b"rows")
        write_manifest(self.store, layout.target_ref(evaluation), Manifest(files, {}))
        return sync_id

    def is_baseline(self, district: str, sync_id: str, files_of: str | None = None) -> None:
        """Make a sync the baseline; its manifest may name the files of another one."""
        ref = layout.target_ref(layout.evaluation_prefix(district, sync_id, 1))
        if files_of is not None:
            there = layout.fetch_prefix(district, files_of, 1)
            files = {name: f"{there}/{name}.parquet" for name in KINDS}
            write_manifest(self.store, ref, Manifest(files, {}))
        with self.services.database.transaction() as tx:
            districts.update(tx, district, {"baseline_ref": ref, "baseline_sync_id": sync_id})

    def healthy(self, name: str = "Anytown") -> str:
        """A district that was synced last night and every night before."""
        district = self.district(name)
        self.sync(district, timedelta(days=8))
        self.is_baseline(district, self.sync(district, timedelta(hours=8)))
        return district

    def files(self, district: str, sync_id: str) -> int:
        return len(self.store.list(layout.sync_prefix(district, sync_id)))

    def purges(self, **how):
        return purge(self.services, now=NOW, **how)


@pytest.fixture
def archive(database, tmp_path) -> Archive:
    return Archive(database, tmp_path / "snapshots")


@pytest.mark.parametrize("age", [KEEP, KEEP + MOMENT, OLD])
@pytest.mark.parametrize("state", [SyncState.COMPLETED, SyncState.CANCELLED, SyncState.FAILED])
def test_the_files_of_an_old_sync_go(archive, age, state):
    district = archive.healthy()
    old = archive.sync(district, age, state)
    done = archive.purges()
    assert [(one.sync_id, one.files) for one in done.purged] == [(old, len(KINDS) + 1)]
    assert archive.files(district, old) == 0


def test_a_younger_sync_keeps_its_files(archive):
    district = archive.healthy()
    young = archive.sync(district, KEEP - MOMENT)
    assert archive.purges().purged == []
    assert archive.files(district, young)


def test_the_setting_says_how_long(archive):
    district = archive.healthy()
    archive.sync(district, timedelta(days=50))
    archive.services.settings = Settings(retention_days=60)
    assert archive.purges().purged == []


@pytest.mark.parametrize("state", [state for state in SyncState if not state.is_final])
def test_an_open_sync_keeps_its_files_however_old_it_is(archive, state):
    district = archive.healthy()
    held = archive.sync(district, None, state)
    before = archive.files(district, held)
    assert archive.purges().purged == []
    assert archive.files(district, held) == before


def test_the_baseline_keeps_its_files_however_old_it_is(archive):
    district = archive.district()
    baseline = archive.sync(district, OLD)
    archive.is_baseline(district, baseline)
    # Applied later by the clock, and no longer the baseline.
    archive.sync(district, timedelta(days=50))
    archive.purges()
    assert archive.files(district, baseline)


def test_files_of_another_sync_that_the_baseline_names_stay(archive):
    district = archive.district()
    archive.sync(district, timedelta(days=9))
    named, other = archive.sync(district, OLD), archive.sync(district, OLD)
    baseline = archive.sync(district, timedelta(days=1))
    archive.is_baseline(district, baseline, files_of=named)
    assert [one.sync_id for one in archive.purges().purged] == [other]
    assert archive.files(district, named)


def test_another_district_is_untouched(archive):
    district, other = archive.healthy(), archive.healthy("Othertown")
    archive.sync(district, OLD)
    young = archive.sync(other, timedelta(days=3))
    before = archive.store.list(other)
    assert {one.district_id for one in archive.purges().purged} == {district}
    assert archive.store.list(other) == before
    assert archive.files(other, young)


def test_a_dry_run_says_what_would_go_and_leaves_it(archive):
    district = archive.healthy()
    old = archive.sync(district, OLD)
    would = archive.purges(dry_run=True)
    assert [one.sync_id for one in would.purged] == [old]
    assert archive.files(district, old) == would.purged[0].files
    assert archive.purges().purged == would.purged


def test_what_is_purged_is_not_looked_for_again(archive):
    archive.sync(archive.healthy(), OLD)
    assert archive.purges().purged
    assert archive.purges().purged == []


def test_a_purge_that_was_killed_before_it_was_noted_is_made_again(archive):
    district = archive.healthy()
    old = archive.sync(district, OLD)
    archive.store.delete_tree(layout.sync_prefix(district, old))
    assert [(one.sync_id, one.files) for one in archive.purges().purged] == [(old, 0)]


def test_a_lost_baseline_keeps_all_files_of_its_district(archive):
    district, other = archive.healthy(), archive.healthy("Othertown")
    old, others = archive.sync(district, OLD), archive.sync(other, OLD)
    with archive.services.database.transaction() as tx:
        districts.update(tx, district, {"baseline_ref": f"{district}/gone/target.json"})
    done = archive.purges()
    assert [one.district_id for one in done.failed] == [district]
    assert [one.sync_id for one in done.purged] == [others]
    assert archive.files(district, old)


def test_a_manifest_that_cannot_be_read_keeps_all_files_of_its_district(archive):
    district = archive.healthy()
    old = archive.sync(district, OLD)
    archive.store.write_bytes(f"{district}/x/broken.json", b"{")
    with archive.services.database.transaction() as tx:
        districts.update(tx, district, {"baseline_ref": f"{district}/x/broken.json"})
    assert [one.district_id for one in archive.purges().failed] == [district]
    assert archive.files(district, old)


def test_what_the_store_refuses_stays_for_the_next_purge(archive):
    district, other = archive.healthy(), archive.healthy("Othertown")
    old, others = archive.sync(district, OLD), archive.sync(other, OLD)
    archive.store.refused = frozenset({district})
    done = archive.purges()
    assert [(one.district_id, "permission denied" in one.why) for one in done.failed] == [
        (district, True)
    ]
    assert [one.sync_id for one in done.purged] == [others]
    archive.store.refused = frozenset()
    assert [one.sync_id for one in archive.purges().purged] == [old]


def test_a_store_that_is_away_is_not_asked_for_every_district(archive):
    every = [archive.healthy(f"Town {number}") for number in range(5)]
    for district in every:
        archive.sync(district, OLD)
    archive.store.refused = frozenset(every)
    assert len(archive.purges().failed) == 3


def test_lost_baselines_of_many_districts_do_not_keep_the_others_from_being_purged(archive):
    for number in range(4):
        lost = archive.healthy(f"Lost {number}")
        archive.sync(lost, OLD)
        with archive.services.database.transaction() as tx:
            districts.update(tx, lost, {"baseline_ref": f"{lost}/gone/target.json"})
    old = archive.sync(archive.healthy("Zed"), OLD)
    done = archive.purges()
    assert len(done.failed) == 4
    assert [one.sync_id for one in done.purged] == [old]


def test_a_purge_ends_when_the_process_does(archive):
    archive.sync(archive.healthy(), OLD)
    stop = threading.Event()
    stop.set()
    assert archive.purges(stop=stop).purged == []


def test_of_several_schedulers_one_purges_once_a_day(archive):
    archive.sync(archive.healthy(), OLD)
    assert purge_when_due(archive.services, now=NOW).purged
    assert purge_when_due(archive.services, now=NOW) is None
    assert purge_when_due(archive.services, now=NOW + timedelta(hours=22)) is None
    assert purge_when_due(archive.services, now=NOW + timedelta(hours=23)) is not None


def test_one_slot_of_the_purge_is_kept(archive):
    for days in range(3):
        purge_when_due(archive.services, now=NOW + timedelta(days=days))
    with archive.services.database.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(tables.fired)).scalar_one() == 1
