"""Databases of every revision, with rows in all their tables, upgraded; those of releases used."""

import json

import pytest
import sqlalchemy as sa
from doubles.revisions import every_revision

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.statemachine.decisions import Action

REVISIONS = [revision.name for revision in every_revision()]
# The last revisions of what was released, where work goes on after an upgrade, and the newest one.
LIVED_IN = [*REVISIONS[:3], REVISIONS[-1]]
# The first one without the roster tables has applied nothing yet.
WITH_ROSTERS = LIVED_IN[1:]


def rows_now(database: Database, before: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """The same columns of the same tables, as they are now."""
    found = {}
    with database.reading() as conn:
        for name, rows in before.items():
            table = migrations.METADATA.tables[name]
            columns = [table.c[column] for column in rows[0]]
            found[name] = [dict(row) for row in conn.execute(sa.select(*columns)).mappings()]
    return found


def in_any_order(rows: dict[str, list[dict]], *, without: tuple[str, ...] = ()) -> dict[str, list]:
    return {
        name: sorted(
            json.dumps(
                {key: value for key, value in row.items() if f"{name}.{key}" not in without},
                sort_keys=True,
                default=str,
            )
            for row in of_table
        )
        for name, of_table in rows.items()
    }


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_row_survives_the_upgrade(upgraded, revision):
    installation, before = upgraded(revision)
    if revision == REVISIONS[-1]:
        assert set(before) == set(migrations.METADATA.tables) - {"compatibility"}
    # The fourth revision renames the queues of waiting work.
    renamed = ("outbox.queue",) if revision < "0004" else ()
    now = rows_now(installation.database, before)
    assert in_any_order(now, without=renamed) == in_any_order(before, without=renamed)
    assert migrations.differences(installation.database) == []


@pytest.mark.parametrize("revision", WITH_ROSTERS)
def test_removals_held_by_an_older_release_are_confirmed_and_happen(upgraded, old_life, revision):
    installation, _ = upgraded(revision)
    assert installation.students(old_life.synced) == old_life.students
    with installation.working():
        done = installation.decide(old_life.held_on_removals, Action.CONFIRM)
    assert done.state == "completed"
    assert 0 < installation.students(old_life.synced) < old_life.students


@pytest.mark.parametrize("revision", LIVED_IN)
def test_a_first_sync_held_by_an_older_release_is_accepted_and_fills_the_roster(
    upgraded, old_life, revision
):
    installation, _ = upgraded(revision)
    with installation.working():
        done = installation.decide(old_life.held_on_configuration, Action.ACCEPT)
        other = installation.rest(old_life.with_work_waiting)
    assert done.state == "completed"
    assert other.state == "completed"
