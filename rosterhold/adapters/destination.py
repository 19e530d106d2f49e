"""Applying a change set to the roster tables: set by set, inside the caller's transaction.

The rows of a kind are loaded into a temporary table (COPY, or one bulk insert) and merged from
there by a few statements, so that what is applied depends on no loop over records.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rosterhold.adapters.database import feed
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.feed_tables import roster_renames
from rosterhold.adapters.database.roster_tables import PAIR_PARTS, ROSTER, part_id
from rosterhold.roster.changes import REIDENTIFIED, REMOVED
from rosterhold.roster.kinds import KINDS, Kind

LOAD_ROWS: Final = 50_000


def apply_changes(
    tx: Transaction, *, district_id: str, sync_id: str, changes: Mapping[str, pl.LazyFrame]
) -> None:
    """Bring the roster tables of a district to what a change set says.

    First what goes, under the ids of the baseline; then what is re-identified, changed and added,
    under those of today. Schools come before the people in them, and pairs last.

    Args:
        tx: the transaction that the sync's transition is made in.
        district_id: whose rows; no other district's are touched.
        sync_id: noted at every row that changes.
        changes: kind name → `change`, `was`, then the columns of the kind; see `roster.changes`.
    """
    applied = _Applied(district_id, sync_id, feed.complete(tx, district_id, sync_id))
    for name, kind in reversed(KINDS.items()):
        with _staged(tx, kind, gone(changes[name], kind), kind.key) as stage:
            if stage is not None:
                _merge_of(kind)(tx, kind, stage, applied).deactivate()
    for name, kind in KINDS.items():
        rows = come(changes[name], kind)
        with _staged(tx, kind, rows, _columns_of(kind)) as stage:
            if stage is not None:
                merge = _merge_of(kind)(tx, kind, stage, applied)
                merge.write(renames=rows.select((pl.col("change") == REIDENTIFIED).any()).item())
                if tx.conn.dialect.name == "sqlite":
                    _count_for_the_planner(tx.conn, ROSTER[name])


def gone(changes: pl.LazyFrame, kind: Kind) -> pl.DataFrame:
    """The keys of what is removed, under the ids of the baseline."""
    return changes.filter(pl.col("change") == REMOVED).select(kind.key).collect()


def come(changes: pl.LazyFrame, kind: Kind) -> pl.DataFrame:
    """What is re-identified, changed and added, as it is today."""
    return changes.filter(pl.col("change") != REMOVED).select(_columns_of(kind)).collect()


def _columns_of(kind: Kind) -> tuple[str, ...]:
    return ("change", "was", *kind.key, *kind.columns)


@contextmanager
def _staged(
    tx: Transaction, kind: Kind, rows: pl.DataFrame, columns: Sequence[str]
) -> Iterator[sa.Table | None]:
    """The rows in a temporary table; None when there are none."""
    if rows.is_empty():
        yield None
        return
    stage = _stage_of(kind, tuple(columns))
    stage.create(tx.conn)
    load = _copy if tx.conn.dialect.name == "postgresql" else _insert
    load(tx.conn, stage, rows)
    _count_for_the_planner(tx.conn, stage)
    yield stage
    stage.drop(tx.conn)


@cache
def _stage_of(kind: Kind, columns: tuple[str, ...]) -> sa.Table:
    """One object for ever, so that statements on it are compiled once."""
    return sa.Table(
        f"stage_{kind.name}",
        sa.MetaData(),
        *(sa.Column(name, sa.Text) for name in columns),
        prefixes=["TEMPORARY"],
    )


def _count_for_the_planner(conn: sa.Connection, table: sa.Table) -> None:
    """Tell the database how big a table is that it is about to join.

    SQLite has no idea of a table that it never counted, and joined every staged pair with every
    pair of the district. PostgreSQL sees how its own tables grow, but not a temporary one.
    """
    conn.exec_driver_sql(f"ANALYZE {table.name}")


def _copy(conn: sa.Connection, stage: sa.Table, rows: pl.DataFrame) -> None:
    driver: Any = conn.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {stage.name} FROM STDIN (FORMAT csv)") as copy,
    ):
        for chunk in rows.iter_slices(LOAD_ROWS):
            copy.write(chunk.write_csv(include_header=False, quote_style="always"))


def _insert(conn: sa.Connection, stage: sa.Table, rows: pl.DataFrame) -> None:
    driver: Any = conn.connection.driver_connection
    places = ", ".join("?" for _ in rows.columns)
    statement = f"INSERT INTO {stage.name} VALUES ({places})"  # noqa: S608 - our own table's name
    for chunk in rows.iter_slices(LOAD_ROWS):
        driver.executemany(statement, chunk.iter_rows())


@dataclass(frozen=True, slots=True)
class _Applied:
    """Whose roster changes by which sync; `seq` counts what was applied to it."""

    district_id: str
    sync_id: str
    seq: int


class _Merge:
    """What merging an entity and merging a pair have in common."""

    def __init__(self, tx: Transaction, kind: Kind, stage: sa.Table, applied: _Applied) -> None:
        self.tx = tx
        self.kind = kind
        self.stage = stage
        self.district_id = applied.district_id
        self.sync_id = applied.sync_id
        self.seq = applied.seq
        self.roster = ROSTER[kind.name]

    def upsert(self, keys: Sequence[str], source: sa.Select[Any]) -> None:
        """Insert the rows of a SELECT (keys, then the kind's columns); those that are there change.

        A row that was removed comes back under its own id.
        """
        now = sa.literal(self.tx.now, self.roster.c.changed_at.type)
        life: dict[str, sa.ColumnElement[Any]] = {
            "active": sa.true(),
            "added_at": now,
            "changed_at": now,
            "changed_by_sync": sa.literal(self.sync_id),
        }
        names = ["district_id", *keys, *self.kind.columns, *life]
        rows = source.add_columns(*life.values())
        dialect = postgresql if self.tx.conn.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(self.roster).from_select(names, rows)
        fresh = [*self.kind.columns, "active", "changed_at", "changed_by_sync"]
        self.tx.conn.execute(
            statement.on_conflict_do_update(
                index_elements=["district_id", *keys],
                set_={
                    **{name: statement.excluded[name] for name in fresh},
                    "removed_at": None,
                    "removed_by_sync": None,
                },
            )
        )

    def end(self, ids: sa.Select[Any]) -> None:
        """Deactivate the rows with these ids of ours; the rows stay."""
        self.tx.conn.execute(
            sa.update(self.roster)
            .where(self.roster.c.id.in_(ids), self.roster.c.active)
            .values(active=False, removed_at=self.tx.now, removed_by_sync=self.sync_id)
        )


class _EntityMerge(_Merge):
    """Schools, people, classes: rows with a Clever id of their own."""

    def deactivate(self) -> None:
        self.end(
            sa.select(self.roster.c.id)
            .join(self.stage, self.stage.c.clever_id == self.roster.c.clever_id)
            .where(self.roster.c.district_id == self.district_id)
        )

    def write(self, *, renames: bool) -> None:
        """Write what is new, changed or re-identified; `renames` if there is any of the last."""
        if renames:
            self.rename()
        values = [self.stage.c[name] for name in ("clever_id", *self.kind.columns)]
        rows: sa.Select[Any] = sa.select(sa.literal(self.district_id), *values)
        self.upsert(["clever_id"], rows.where(sa.true()))

    def rename(self) -> None:
        """Give re-identified records their new Clever id; their own id stays.

        An inactive record of long ago may still hold that Clever id: it steps aside under a name
        that Clever never gives.
        """
        ours = self.roster.c.district_id == self.district_id
        renamed = self.stage.c.change == REIDENTIFIED
        new_ids = sa.select(self.stage.c.clever_id).where(renamed)
        in_the_way = sa.and_(ours, self.roster.c.clever_id.in_(new_ids), ~self.roster.c.active)
        self._note_renames(in_the_way)
        self.tx.conn.execute(
            sa.update(self.roster)
            .where(in_the_way)
            .values(clever_id=self.roster.c.clever_id + "~" + sa.cast(self.roster.c.id, sa.Text))
        )
        new_id = (
            sa.select(self.stage.c.clever_id)
            .where(renamed, self.stage.c.was == self.roster.c.clever_id)
            .scalar_subquery()
        )
        old_ids = sa.select(self.stage.c.was).where(renamed)
        had_another = sa.and_(ours, self.roster.c.clever_id.in_(old_ids))
        self._note_renames(had_another)
        self.tx.conn.execute(sa.update(self.roster).where(had_another).values(clever_id=new_id))

    def _note_renames(self, which: sa.ColumnElement[bool]) -> None:
        """Keep which records lose their Clever id, for the change feed."""
        rows = sa.select(
            sa.literal(self.district_id),
            sa.literal(self.kind.name),
            self.roster.c.clever_id,
            sa.literal(self.seq),
            self.roster.c.id,
        ).where(which)
        names = ["district_id", "kind", "was", "seq", "record_id"]
        self.tx.conn.execute(sa.insert(roster_renames).from_select(names, rows))


class _PairMerge(_Merge):
    """Enrolments and guardianships: rows that join two records by the roster's own ids."""

    def deactivate(self) -> None:
        source, ids = self.joined()
        parts = [self.roster.c[part_id(column)] for column in self.kind.key]
        same = (part == own for part, own in zip(parts, ids, strict=True))
        source = source.join(
            self.roster, sa.and_(self.roster.c.district_id == self.district_id, *same)
        )
        self.end(sa.select(self.roster.c.id).select_from(source))

    def write(self, *, renames: bool) -> None:
        """Write what is new or changed; a pair keeps its parts when those are renamed."""
        del renames
        source, ids = self.joined()
        values = [self.stage.c[name] for name in self.kind.columns]
        taken: list[sa.ColumnElement[Any]] = [*ids, *values]
        rows: sa.Select[Any] = sa.select(sa.literal(self.district_id), *taken)
        self.upsert(
            [part_id(column) for column in self.kind.key],
            rows.select_from(source).where(self.stage.c.change != REIDENTIFIED),
        )

    def joined(self) -> tuple[sa.FromClause, list[sa.ColumnElement[int]]]:
        """The staged pairs with the rows they join, and those rows' own ids."""
        source: sa.FromClause = self.stage
        ids: list[sa.ColumnElement[int]] = []
        for column in self.kind.key:
            table = ROSTER[PAIR_PARTS[column]]
            source = source.join(
                table,
                sa.and_(
                    table.c.district_id == self.district_id,
                    table.c.clever_id == self.stage.c[column],
                ),
            )
            ids.append(table.c.id)
        return source, ids


def _merge_of(kind: Kind) -> type[_EntityMerge] | type[_PairMerge]:
    return _PairMerge if kind.is_pair else _EntityMerge


def active_counts(conn: sa.Connection, district_id: str) -> dict[str, int]:
    """How many active records of each kind the roster has."""
    return {
        name: conn.execute(
            sa.select(sa.func.count())
            .select_from(ROSTER[name])
            .where(ROSTER[name].c.district_id == district_id, ROSTER[name].c.active)
        ).scalar_one()
        for name in KINDS
    }
