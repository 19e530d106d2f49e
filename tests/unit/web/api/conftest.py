"""A district office whose API is called."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from doubles.tokens import new_token
from starlette.testclient import TestClient

from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tokens import NewToken, Scope
from tests.offices import Office

Calls = Callable[..., TestClient]


@pytest.fixture
def office_on_both(tmp_path: Path, database: Database) -> Office:
    """On SQLite and on PostgreSQL, where that may matter."""
    made = Office(tmp_path)
    made.database.dispose()
    made.database = database
    return made


@pytest.fixture
def makes_token(office: Office) -> Callable[..., NewToken]:
    return partial(new_token, office.database)


@pytest.fixture
def calls(office: Office, makes_token: Callable[..., NewToken]) -> Calls:
    """A client whose token has these scopes (all of them without any), of one district or all."""

    def of(*scopes: Scope, district: str | None = None) -> TestClient:
        made = makes_token(*scopes, district=district)
        return TestClient(
            office.app(),
            base_url="http://testserver/api/v1",
            raise_server_exceptions=False,
            headers={"Authorization": f"Bearer {made.secret}"},
        )

    return of
