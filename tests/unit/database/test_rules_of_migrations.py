"""A revision may only add, so that programs of the release before go on (decision 0014)."""

from types import ModuleType

import pytest
import sqlalchemy as sa
from alembic import op
from doubles.revisions import every_revision, file_names, of_module


@pytest.mark.parametrize("revision", every_revision(), ids=lambda revision: revision.name)
def test_a_revision_does_nothing_that_an_older_program_trips_over(revision):
    assert list(revision.faults()) == []


def test_revisions_are_numbered_so_that_the_later_one_is_the_greater():
    names = [revision.name for revision in every_revision()]
    assert names == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert [name[:4] for name in file_names()] == names


def faults(upgrade, oldest_program=None):
    module = ModuleType("made_up")
    module.revision, module.upgrade = "0099", upgrade
    if oldest_program is not None:
        module.oldest_program = oldest_program
    return list(of_module(module).faults())


def in_batch(name, *arguments, **named):
    def upgrade():
        with op.batch_alter_table("syncs") as batch:
            getattr(batch, name)(*arguments, **named)

    return upgrade


TAKING_AWAY = {
    "a dropped table": lambda: op.drop_table("purges"),
    "a dropped column": lambda: op.drop_column("syncs", "trigger"),
    "a dropped column in a batch": in_batch("drop_column", "trigger"),
    "another type": lambda: op.alter_column("syncs", "version", type_=sa.Text()),
    "no more nulls": lambda: op.alter_column("syncs", "failure", nullable=False),
}
FORBIDDEN = {
    "a renamed table": lambda: op.rename_table("syncs", "runs"),
    "a renamed column": lambda: op.alter_column("syncs", "state", new_column_name="stage"),
    "NOT NULL without a default": lambda: op.add_column(
        "syncs", sa.Column("mood", sa.Text, nullable=False)
    ),
    "a computed default": lambda: op.add_column(
        "syncs", sa.Column("seen_at", sa.DateTime, server_default=sa.func.clock_timestamp())
    ),
    "a unique column": lambda: op.add_column("syncs", sa.Column("mood", sa.Text, unique=True)),
    "an index that locks": lambda: op.create_index("ix_mood", "syncs", ["trigger"]),
    "an index in a batch": in_batch("create_index", "ix_mood", ["trigger"]),
    "a unique constraint": lambda: op.create_unique_constraint("uq", "syncs", ["trigger"]),
    "a check": lambda: op.create_check_constraint("ck", "syncs", "version > 0"),
    "a foreign key": lambda: op.create_foreign_key("fk", "syncs", "holds", ["id"], ["id"]),
    "plain SQL that changes a table": lambda: op.execute("ALTER TABLE syncs DROP trigger"),
    "plain SQL that moves a table": lambda: op.execute("ALTER TABLE syncs SET TABLESPACE other"),
    "more than room in pages": lambda: op.execute(
        "ALTER TABLE syncs SET (fillfactor = 60), DROP trigger"
    ),
}
ALLOWED = {
    "a table with indexes": lambda: (
        op.create_table("moods", sa.Column("id", sa.Integer, nullable=False)),
        op.create_index("ix_moods", "moods", ["id"]),
    ),
    "a column that may be null": lambda: op.add_column("syncs", sa.Column("mood", sa.Text)),
    "a column with a fixed default": lambda: op.add_column(
        "syncs", sa.Column("mood", sa.Text, nullable=False, server_default="calm")
    ),
    "an index that does not lock": lambda: op.create_index(
        "ix_mood", "syncs", ["trigger"], postgresql_concurrently=True
    ),
    "room in pages": lambda: op.execute("ALTER TABLE syncs SET (fillfactor = 60)"),
    "rows that are filled": lambda: op.execute("UPDATE syncs SET failure = NULL"),
}


@pytest.mark.parametrize(
    "upgrade",
    [*FORBIDDEN.values(), *TAKING_AWAY.values()],
    ids=[*FORBIDDEN, *TAKING_AWAY],
)
def test_what_an_older_program_trips_over_is_noticed(upgrade):
    assert len(faults(upgrade)) == 1


@pytest.mark.parametrize("upgrade", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_only_adds_is_let_through(upgrade):
    assert faults(upgrade) == []


@pytest.mark.parametrize("upgrade", TAKING_AWAY.values(), ids=TAKING_AWAY.keys())
def test_something_is_taken_away_once_no_program_that_still_fits_uses_it(upgrade):
    assert faults(upgrade, oldest_program="0098") == []
    assert len(faults(upgrade, oldest_program="0099")) == 1
