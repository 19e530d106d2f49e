"""An installation as an older release left it: rows of every table, held syncs and open work."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from rosterhold.adapters import destination
from rosterhold.adapters.database import decisions, districts, migrations, tables, views
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.types import UtcDateTime
from rosterhold.adapters.database.views import SyncView
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action
from rosterhold.workers.pool import WorkerPool

PERSON = decisions.Person("admin@example.org", "a test")
REST_WITHIN_S = 60
Rows = dict[str, list[dict[str, Any]]]
# What the first releases called the queues of their work.
FIRST_QUEUES = {"fetch": "fetch", "evaluate": "evaluate", "apply": "apply", "resume": "urgent"}


class Installation:
    """The services on one database, and what people do with them; workers run in `working`."""

    def __init__(self, settings: Settings) -> None:
        self.services: Services = build(settings)
        self.database = self.services.database

    @contextmanager
    def working(self) -> Iterator[None]:
        with WorkerPool(self.services):
            yield

    def add(self, clever_id: str) -> str:
        with self.database.transaction() as tx:
            return districts.add(tx, clever_id=clever_id, name="Town", emails=["a@example.org"])

    def start(self, district_id: str) -> str:
        started = decisions.start(self.database, district_id, trigger="test", cause=Cause("a test"))
        assert isinstance(started, decisions.Started)
        return started.sync_id

    def sync(self, district_id: str) -> SyncView:
        return self.rest(self.start(district_id))

    def rest(self, sync_id: str) -> SyncView:
        """The sync, once it is on hold or at its end."""
        until = time.monotonic() + REST_WITHIN_S
        while time.monotonic() < until:
            with self.database.reading() as conn:
                view = views.sync_view(conn, sync_id)
            assert view is not None
            state = SyncState(view.state)
            if state.is_final or state.is_on_hold:
                return view
            time.sleep(0.02)
        raise AssertionError(f"the sync does not come to rest: {view.state}")

    def decide(self, sync_id: str, action: Action) -> SyncView:
        with self.database.reading() as conn:
            held = views.hold_view(conn, sync_id)
        assert held is not None
        (line,) = held.reasons
        decided = decisions.decide(
            self.database,
            self.services.store,
            sync_id=sync_id,
            action=action,
            digest=line.digest,
            person=PERSON,
        )
        assert isinstance(decided, decisions.Decided), decided
        self.services.doorbell.ring(decided.work)
        return self.rest(sync_id)

    def students(self, district_id: str) -> int:
        with self.database.reading() as conn:
            return destination.active_counts(conn, district_id)["students"]

    def close(self) -> None:
        self.services.close()


@dataclass(frozen=True)
class OldLife:
    """What an installation had come to: its rows, its files, and the syncs that wait."""

    settings: Settings
    rows: Rows
    snapshots: Path
    synced: str
    held_on_removals: str
    held_on_configuration: str
    with_work_waiting: str
    students: int


@pytest.fixture(scope="session")
def old_life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldLife]:
    folder = tmp_path_factory.mktemp("old-life")
    towns = [generate_district(seed, 60, clever_id=f"5{seed:023x}") for seed in (1, 2, 3)]
    with SimulatorServer(World(towns)) as simulator:
        settings = Settings(
            database_url=f"sqlite:///{folder / 'rosterhold.db'}",
            snapshots=str(folder / "snapshots"),
            mail_folder=str(folder / "mail"),
            clever_api_url=simulator.url,
            clever_oauth_url=f"{simulator.url}/oauth",
            secret_keys=("a key for tests and nothing else",),
        )
        installation = Installation(settings)
        migrations.upgrade(installation.database)
        first, second, third = (installation.add(town.id) for town in towns)
        with installation.working():
            assert installation.sync(first).state == "completed"
            students = installation.students(first)
            simulator.world.change("remove-school", towns[0].id)
            on_removals = installation.sync(first)
            assert on_removals.state == "on_hold.data_removals"
            simulator.world.change("emergency-contacts", towns[1].id, count=2)
            on_configuration = installation.sync(second)
            assert on_configuration.state == "on_hold.data_configuration"
        waiting = installation.start(third)
        with installation.database.transaction() as tx:
            _rows_that_seldom_are(tx.conn, second, waiting)
            _a_row_of_each_empty_table(tx.conn)
        rows = _every_row(installation.database)
        installation.close()
        yield OldLife(
            settings=settings,
            rows=rows,
            snapshots=folder / "snapshots",
            synced=first,
            held_on_removals=on_removals.id,
            held_on_configuration=on_configuration.id,
            with_work_waiting=waiting,
            students=students,
        )


def _rows_that_seldom_are(conn: sa.Connection, district_id: str, sync_id: str) -> None:
    now = datetime.now(UTC)
    own = {"district_id": district_id}
    for table, values in {
        tables.school_settings: {**own, "school_clever_id": "5", "policy": {}},
        tables.acceptances: {**own, "rule": "r", "kind": "k", "key": "1", "fact": "f"},
        tables.decisions: {
            **own,
            **dict.fromkeys(("reason", "action", "who", "from_where", "digest"), "old"),
            "id": "01K0000000000000000000DECI",
            "sync_id": sync_id,
            "evaluation_no": 1,
            "at": now,
        },
        tables.processes: {"id": "01K0", "role": "worker", "started_at": now, "seen_at": now},
        tables.fired: {"schedule": f"nightly:{district_id}", "due_at": now},
        tables.purges: {**own, "sync_id": sync_id, "at": now - timedelta(days=1)},
    }.items():
        conn.execute(sa.insert(table).values(values))


def _a_row_of_each_empty_table(conn: sa.Connection) -> None:
    """What the old life did not come to: a row with just what it must have."""
    for table in migrations.METADATA.sorted_tables:
        if (
            table.name != "compatibility"
            and conn.execute(sa.select(table).limit(1)).first() is None
        ):
            must = [column for column in table.c if _must_be_given(table, column)]
            values = {column.name: _something(conn, column) for column in must}
            conn.execute(sa.insert(table).values(values))


def _must_be_given(table: sa.Table, column: sa.Column[Any]) -> bool:
    counts_itself = column is table.autoincrement_column and not column.foreign_keys
    return not (column.nullable or column.server_default is not None or counts_itself)


def _something(conn: sa.Connection, column: sa.Column[Any]) -> Any:
    for key in column.foreign_keys:
        return conn.execute(sa.select(key.column).limit(1)).scalar_one()
    if isinstance(column.type, UtcDateTime):
        return datetime.now(UTC)
    made = {"JSON": {}, "BOOLEAN": False, "INTEGER": 1, "BIGINT": 1, "FLOAT": 1.0}
    kind = column.type.compile(sqlite.dialect()).partition("(")[0]
    return made.get(kind, "old")


def _every_row(database: Database) -> Rows:
    with database.reading() as conn:
        return {
            table.name: [dict(row) for row in conn.execute(sa.select(table)).mappings()]
            for table in migrations.METADATA.sorted_tables
        }


def lay_down(database: Database, life: OldLife, revision: str) -> Rows:
    """Make a database of that revision with these rows, less what it has no place for yet."""
    migrations.upgrade(database, to=revision)
    with database.reading() as conn:
        inspector = sa.inspect(conn)
        places = {name: inspector.get_columns(name) for name in inspector.get_table_names()}
    written: Rows = {}
    with database.transaction() as tx:
        for table in migrations.METADATA.sorted_tables:
            if table.name not in places or table.name == "compatibility":
                continue
            names = [column["name"] for column in places[table.name]]
            rows = [{name: row[name] for name in names} for row in life.rows[table.name]]
            if table.name == "outbox" and revision < "0004":
                rows = [{**row, "queue": FIRST_QUEUES.get(row["work"], "email")} for row in rows]
            if rows:
                old = sa.table(table.name, *(sa.column(n, table.c[n].type) for n in names))
                tx.conn.execute(sa.insert(old), rows)
                written[table.name] = rows
                _counts_on(tx.conn, table)
    return written


def _counts_on(conn: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL's counter of ids goes on after the rows that were put in with theirs."""
    if conn.dialect.name == "postgresql" and table.autoincrement_column is not None:
        number = table.autoincrement_column
        sequence = sa.func.pg_get_serial_sequence(table.name, number.name)
        newest = sa.select(sa.func.max(number)).scalar_subquery()
        conn.execute(sa.select(sa.func.setval(sequence, newest)))


@pytest.fixture
def laid_down(
    old_life: OldLife, database_url: str, tmp_path: Path
) -> Iterator[Callable[[str], tuple[Installation, Rows]]]:
    """A function: the installation as that revision left it, and its rows."""
    opened: list[Installation] = []

    def of(revision: str) -> tuple[Installation, Rows]:
        shutil.copytree(old_life.snapshots, tmp_path / "snapshots")
        settings = replace(
            old_life.settings, database_url=database_url, snapshots=str(tmp_path / "snapshots")
        )
        installation = Installation(settings)
        opened.append(installation)
        return installation, lay_down(installation.database, old_life, revision)

    yield of
    for installation in opened:
        installation.close()


@pytest.fixture
def upgraded(
    laid_down: Callable[[str], tuple[Installation, Rows]],
) -> Callable[[str], tuple[Installation, Rows]]:
    """The same, with the database upgraded to what the code is made for."""

    def of(revision: str) -> tuple[Installation, Rows]:
        installation, rows = laid_down(revision)
        migrations.upgrade(installation.database)
        return installation, rows

    return of
