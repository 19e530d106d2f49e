"""What tests do in a town of real processes and calm weather."""

import contextlib
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from chaos.storm import Storm
from rosterhold.adapters.database import decisions, districts, views
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.views import SyncView

# A machine that is busy with other work may be slow: that is no verdict.
PATIENCE_S = 240.0


def until(town: Storm, true: Callable[[], bool]) -> None:
    """Wait for it; when it does not come, say what everybody is at."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > until:
            pytest.fail(f"it did not come to that\n{town.tells()}")
        time.sleep(0.05)


def district(town: Storm, number: int) -> districts.DistrictRow:
    with town.services.database.reading() as conn:
        return districts.every(conn)[number]


def begin(town: Storm, number: int) -> str:
    started: list[object] = []

    def is_started() -> bool:
        # A connection that did not live through a restart of the server is met once.
        with contextlib.suppress(SQLAlchemyError):
            started.append(town.people.start(district(town, number).id))
        return bool(started)

    until(town, is_started)
    (one,) = started
    assert isinstance(one, decisions.Started)
    return one.sync_id


def seen(town: Storm, sync_id: str) -> SyncView:
    with town.services.database.reading() as conn:
        view = views.sync_view(conn, sync_id)
    assert view is not None
    return view


def rests(town: Storm, sync_id: str, state: str) -> None:
    """Wait until nothing more happens to a sync by itself, which has to be in this state."""

    def is_at_rest() -> bool:
        sync = seen(town, sync_id)
        return sync.finished_at is not None or sync.state.startswith("on_hold.")

    until(town, is_at_rest)
    sync = seen(town, sync_id)
    assert sync.state == state, f"{sync}\n{town.tells()}"


def completes(town: Storm, sync_id: str) -> None:
    rests(town, sync_id, "completed")


def leased(town: Storm) -> dict[int, int]:
    """Work that somebody is at: ids and epochs."""
    with town.services.database.reading() as conn:
        now = town.services.database.now(conn)
        query = sa.select(outbox.c.id, outbox.c.epoch).where(outbox.c.leased_until > now)
        return {row.id: row.epoch for row in conn.execute(query)}


def clever_is_slow(town: Storm, seconds: float, times: int = 40) -> None:
    town.simulator.world.fail("slow", seconds=seconds, times=times, path="/users")
