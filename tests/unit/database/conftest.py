"""A database with a district in it."""

import pytest

from rosterhold.adapters.database import decisions, districts
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.transitions import Cause


@pytest.fixture
def district_id(database: Database) -> str:
    with database.transaction() as tx:
        return districts.add(
            tx, clever_id="5a0c91b95c7cc000010d417c", name="Anytown", emails=["admin@example.org"]
        )


@pytest.fixture
def sync_id(database: Database, district_id: str) -> str:
    started = decisions.start(database, district_id, trigger="test", cause=Cause("a test"))
    assert isinstance(started, decisions.Started)
    return started.sync_id
