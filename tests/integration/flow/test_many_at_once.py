"""Many small syncs at once, whose statements go together, while the database fails."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from doubles.installation import installation

from rosterhold.adapters.database import decisions, districts
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import outbox, syncs, transitions
from rosterhold.adapters.database.transitions import Cause, perform_alone
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncEvent, Work
from rosterhold.workers.pool import WorkerPool
from rosterhold.workers.step import Follow

SYNCS = 400
PATIENCE_S = 120.0


def step(event: SyncEvent):
    """A step whose whole effect is its transition."""

    def do(services: Services, claim: Claim, sync: SyncRow) -> Follow:
        return perform_alone(services.database, sync, event, Cause("a test"), settles=claim)

    return do


STEPS = {
    Work.FETCH: step(SyncEvent.FETCHED),
    Work.EVALUATE: step(SyncEvent.CLEAR),
    Work.APPLY: step(SyncEvent.APPLIED),
}


@pytest.fixture
def services(postgres_url: str, tmp_path: Path) -> Iterator[Services]:
    with installation(postgres_url, tmp_path, lease_seconds=3) as built:
        yield built


def begin_syncs(services: Services) -> None:
    with services.database.transaction() as tx:
        ids = [
            districts.add(tx, clever_id=f"c{number}", name="Anytown", emails=[])
            for number in range(SYNCS)
        ]
    for district_id in ids:
        started = decisions.start(
            services.database, district_id, trigger="test", cause=Cause("a test")
        )
        assert isinstance(started, decisions.Started)
        services.doorbell.ring(started.work)


@contextmanager
def connections_are_cut(postgres_url: str) -> Iterator[Counter[str]]:
    """All of them, a few times a second; counts how many were."""
    engine = sa.create_engine(
        sa.make_url(postgres_url).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    cut, stop = Counter[str](), threading.Event()
    others = "datname = current_database() AND pid <> pg_backend_pid()"

    def go_on() -> None:
        with engine.connect() as conn:
            while not stop.wait(0.15):
                ended = sa.text(
                    f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"
                )
                cut["connections"] += conn.execute(ended).scalar_one()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield cut
    finally:
        stop.set()
        thread.join()
        engine.dispose()


def until_all_are_over(services: Services) -> None:
    is_open = sa.select(sa.func.count()).where(syncs.c.finished_at.is_(None))
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with services.database.reading() as conn:
                if not conn.execute(is_open).scalar_one():
                    return
        except sa.exc.OperationalError:
            """This connection was cut as well."""
        assert time.monotonic() < until, "a sync is stuck"
        time.sleep(0.1)


def test_none_is_lost_or_done_twice_while_connections_are_cut(
    services: Services, postgres_url: str
):
    begin_syncs(services)
    with (
        connections_are_cut(postgres_url) as cut,
        WorkerPool(services, threads=8, steps=STEPS),
    ):
        until_all_are_over(services)
    assert cut["connections"] > 0
    with services.database.reading() as conn:
        states = conn.execute(sa.select(syncs.c.state, sa.func.count()).group_by(syncs.c.state))
        assert dict(states.all()) == {"completed": SYNCS}
        lines = conn.execute(
            sa.select(transitions.c.seq, transitions.c.event, sa.func.count())
            .group_by(transitions.c.seq, transitions.c.event)
            .order_by(transitions.c.seq)
        )
        events = ["start", "fetched", "clear", "applied"]
        assert lines.all() == [(seq, event, SYNCS) for seq, event in enumerate(events, start=1)]
        assert conn.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one() == 0
