"""Upgrades beside other upgrades and beside workers, and workers at a newer database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from doubles.revisions import every_revision

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.statemachine.decisions import Action

ROOT = Path(__file__).parents[3]
INIT = "from rosterhold.cli.main import run; run()"
REVISIONS = [revision.name for revision in every_revision()]
# What a later release may have added, as decision 0014 lets it.
ADDED = (
    "ALTER TABLE syncs ADD COLUMN mood TEXT",
    "ALTER TABLE outbox ADD COLUMN weight INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE holds ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
    "ALTER TABLE roster_students ADD COLUMN pronouns TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE moods (id INTEGER PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9999'",
)


@pytest.mark.parametrize("begun_with", [None, REVISIONS[0]])
def test_several_processes_upgrade_at_the_same_time(database_url, tmp_path, begun_with):
    database = Database(database_url)
    if begun_with is not None:
        migrations.upgrade(database, to=begun_with)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ROSTERHOLD_DATABASE_URL": database_url,
        "ROSTERHOLD_SECRET_KEYS": "a key for tests and nothing else",
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-c", INIT, "init"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert migrations.missing(database) is None
    assert migrations.differences(database) == []
    database.dispose()


def test_workers_go_on_while_the_database_is_upgraded(laid_down, old_life):
    installation, _ = laid_down(REVISIONS[2])
    other = Database(installation.services.settings.database_url)
    with installation.working():
        migrations.upgrade(other)
        confirmed = installation.decide(old_life.held_on_removals, Action.CONFIRM)
        waited = installation.rest(old_life.with_work_waiting)
    assert (confirmed.state, waited.state) == ("completed", "completed")
    assert migrations.missing(other) is None
    other.dispose()


def test_a_program_works_on_at_a_newer_database_that_only_added(upgraded, old_life):
    installation, _ = upgraded(REVISIONS[-1])
    with installation.database.transaction() as tx:
        for statement in ADDED:
            tx.conn.execute(sa.text(statement))
    assert migrations.missing(installation.database) is None
    with installation.working():
        confirmed = installation.decide(old_life.held_on_removals, Action.CONFIRM)
        accepted = installation.decide(old_life.held_on_configuration, Action.ACCEPT)
        again = installation.sync(old_life.synced)
    assert [confirmed.state, accepted.state, again.state] == ["completed"] * 3
