"""The main job and the purge with both stores, typed on the command line."""

import os

import pytest
import sqlalchemy as sa
from doubles.command_line import CommandLine, logging_kept

from rosterhold.adapters.database import tables
from rosterhold.adapters.database.engine import Database
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

LONG_AGO = sa.text("'2020-01-01 00:00:00.000000'")


@pytest.fixture
def rosterhold(tmp_path, monkeypatch, capsys, place):
    for key in os.environ:
        if key.startswith("ROSTERHOLD_"):
            monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROSTERHOLD_SNAPSHOTS", place)
    with logging_kept():
        yield CommandLine(capsys)


@pytest.fixture
def clever(rosterhold, monkeypatch):
    with SimulatorServer(World([generate_district(1, 300)])) as server:
        monkeypatch.setenv("ROSTERHOLD_CLEVER_API_URL", server.api_url)
        monkeypatch.setenv("ROSTERHOLD_CLEVER_OAUTH_URL", server.oauth_url)
        assert rosterhold("init").code == 0
        district = server.world.district().id
        names = ("--name", "Demo", "--admin", "office@example.org")
        assert rosterhold("district", "add", "--clever-id", district, *names).code == 0
        yield server.world


def finished_long_ago(sync_id: str) -> None:
    database = Database("sqlite:///var/rosterhold.db")
    with database.transaction() as tx:
        tx.conn.execute(
            sa.update(tables.syncs).where(tables.syncs.c.id == sync_id).values(finished_at=LONG_AGO)
        )
    database.dispose()


def synced(rosterhold, district: str) -> tuple[int, str]:
    said = rosterhold("sync", "start", district, "--wait", "--json")
    return said.code, said.document["id"]


def test_a_hold_is_confirmed_and_the_sync_before_it_is_purged_in_its_time(
    rosterhold, clever, store
):
    district = clever.district().id
    code, first = synced(rosterhold, district)
    assert code == 0
    ours = rosterhold("district", "show", district, "--json").document["id"]
    school = next(iter(clever.district().tables["schools"].ids()))
    clever.change("remove-school", school=school)
    code, held = synced(rosterhold, district)
    assert code == 3

    finished_long_ago(first)
    assert rosterhold("purge", "--json").document["purged"] == []

    digest = rosterhold("hold", "show", held, "--json").document["digest"]
    assert rosterhold("hold", "confirm", held, "--digest", digest, "--wait").code == 0
    # It was in force a week ago, since it is the only one before the new baseline.
    assert rosterhold("purge", "--json").document["purged"] == []

    finished_long_ago(held)
    would = rosterhold("purge", "--dry-run", "--json").document
    assert [line["sync"] for line in would["purged"]] == [first]
    assert store.list(f"{ours}/{first}")
    said = rosterhold("purge")
    assert said.code == 0
    assert first in said.out
    assert held not in said.out
    assert store.list(f"{ours}/{first}") == []
    assert "No sync" in rosterhold("purge").out

    assert synced(rosterhold, district)[0] == 0


def test_a_report_of_a_purge_says_how_long_files_are_kept(rosterhold, clever):
    said = rosterhold("purge", "--dry-run", "--json")
    assert said.code == 0
    assert said.document == {
        "dry_run": True,
        "retention_days": 35,
        "forget_removed_days": None,
        "purged": [],
        "forgotten": {},
        "failed": [],
    }
