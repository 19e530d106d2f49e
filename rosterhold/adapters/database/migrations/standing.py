"""How a program and a database of different releases stand to each other."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from rosterhold.adapters.database.tables import metadata

# One row: the revision that a program must know, at least, to work with this database.
compatibility: Final = sa.Table(
    "compatibility",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("oldest_program", sa.Text, nullable=False),
)

# What a revision that takes something away declares: the oldest program that did not need it.
DECLARED: Final = "oldest_program"


@dataclass(frozen=True, slots=True)
class Standing:
    """Revisions of a database and of the program that looks at it.

    Attributes:
        found: the database's; None when it has no tables yet.
        known: the newest that this program knows.
        oldest_program: what a program must know, at least, to work with the database; None where
            the database does not say.
    """

    found: str | None
    known: str
    oldest_program: str | None

    @property
    def is_newer(self) -> bool:
        """Whether a newer program upgraded the database."""
        return self.found is not None and self.found > self.known

    @property
    def lacking(self) -> str | None:
        """What keeps this program from working, in a sentence."""
        if self.found is None:
            return "the database has no tables yet: run `rosterhold init`"
        if self.found < self.known:
            return (
                f"the database is at revision {self.found}, not {self.known}: run `rosterhold init`"
            )
        if self.is_newer and (self.oldest_program or self.found) > self.known:
            return (
                f"the database is newer than this program: it is at revision {self.found}, and "
                f"needs a program that knows {self.oldest_program or self.found}; this one knows "
                f"{self.known}. Nothing was changed. Install the newer release"
            )
        return None


def read(conn: sa.Connection, known: str) -> Standing:
    """How a program that knows revisions up to `known` stands to the database."""
    found = MigrationContext.configure(conn).get_current_revision()
    oldest = None
    if found is not None and sa.inspect(conn).has_table(compatibility.name):
        oldest = conn.execute(sa.select(compatibility.c.oldest_program)).scalar_one_or_none()
    return Standing(found, known, oldest)


def note(conn: sa.Connection, oldest_program: str) -> None:
    """From now on, programs that know less do not fit."""
    conn.execute(sa.update(compatibility).values(oldest_program=oldest_program))
