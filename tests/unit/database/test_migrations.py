"""Upgrades of the database: from nothing, from every revision, beside others, and never back."""

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from doubles.revisions import every_revision

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.migrations import one_at_a_time, standing

REVISIONS = [revision.name for revision in every_revision()]


@pytest.fixture
def empty(database_url):
    made = Database(database_url)
    yield made
    made.dispose()


@pytest.fixture
def in_postgres(postgres_url):
    made = Database(postgres_url)
    yield made
    made.dispose()


def stands_at(database, revision, oldest_program=None):
    with database.transaction() as tx:
        tx.conn.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        if oldest_program is not None:
            standing.note(tx.conn, oldest_program)


def test_an_empty_database_says_so_and_gets_all_tables(empty):
    assert "no tables yet" in migrations.missing(empty)
    assert migrations.upgrade(empty).found is None
    assert migrations.missing(empty) is None
    assert migrations.differences(empty) == []


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_every_revision_is_upgraded_to_what_the_code_declares(empty, revision):
    migrations.upgrade(empty, to=revision)
    assert f"at revision {revision}, not {REVISIONS[-1]}" in migrations.missing(empty)
    migrations.upgrade(empty)
    assert migrations.missing(empty) is None
    assert migrations.differences(empty) == []


def test_an_upgrade_of_a_current_database_changes_nothing(database):
    assert migrations.upgrade(database) == migrations.compare(database)


def test_a_newer_database_that_this_program_fits_is_used_and_left_as_it_is(database):
    stands_at(database, "9999")
    assert migrations.missing(database) is None
    assert migrations.upgrade(database).is_newer
    assert migrations.compare(database).found == "9999"


def test_a_newer_database_that_this_program_no_longer_fits_is_refused_by_name(database):
    stands_at(database, "9999", oldest_program="9998")
    assert "the database is newer than this program" in migrations.missing(database)
    with pytest.raises(migrations.UpgradeRefusedError, match="newer than this program"):
        migrations.upgrade(database)
    assert migrations.compare(database).found == "9999"


def test_a_newer_database_that_does_not_say_whom_it_fits_is_refused(database):
    stands_at(database, "9999")
    with database.transaction() as tx:
        tx.conn.execute(sa.delete(standing.compatibility))
    assert "needs a program that knows 9999" in migrations.missing(database)


def test_a_table_in_use_is_waited_for_and_then_named(in_postgres, monkeypatch):
    monkeypatch.setattr(one_at_a_time, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(one_at_a_time, "TRIES", 2)
    migrations.upgrade(in_postgres, to=REVISIONS[-2])
    with in_postgres.transaction() as tx:
        tx.conn.execute(sa.text("SELECT * FROM alembic_version FOR UPDATE"))
        with pytest.raises(migrations.UpgradeRefusedError, match="a table is in use"):
            migrations.upgrade(in_postgres)
    migrations.upgrade(in_postgres)
    assert migrations.missing(in_postgres) is None


def test_an_upgrade_waits_for_another_one_but_not_for_ever(in_postgres, monkeypatch):
    monkeypatch.setattr(one_at_a_time, "OTHERS_WITHIN_S", 0.3)
    with in_postgres.transaction() as other:
        other.conn.execute(sa.select(sa.func.pg_advisory_xact_lock(one_at_a_time.LOCK_KEY)))
        with pytest.raises(migrations.UpgradeRefusedError, match="somebody else"):
            migrations.upgrade(in_postgres)
    migrations.upgrade(in_postgres)
    assert migrations.missing(in_postgres) is None


def test_an_index_is_made_without_locking_its_table(in_postgres):
    migrations.upgrade(in_postgres)
    with one_at_a_time.upgrading(in_postgres) as conn:
        context = MigrationContext.configure(conn, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True):
            conn.execute(sa.text("UPDATE syncs SET trigger = trigger"))
            with context.autocommit_block():
                conn.execute(sa.text("CREATE INDEX CONCURRENTLY ix_mood ON syncs (trigger)"))
    with in_postgres.reading() as conn:
        assert "ix_mood" in {index["name"] for index in sa.inspect(conn).get_indexes("syncs")}


def test_connections_wait_as_before_after_an_upgrade(in_postgres):
    migrations.upgrade(in_postgres)
    with in_postgres.reading() as conn:
        assert conn.execute(sa.text("SHOW lock_timeout")).scalar_one() == "0"
