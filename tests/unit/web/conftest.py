"""A visitor in front of the pages of a district office."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from tests.offices import ADMINISTRATOR, Office


@dataclass
class Visit:
    """Somebody who came in by a link."""

    client: TestClient
    sync_id: str

    def reads(self, path: str = "") -> httpx.Response:
        return self.client.get(f"/syncs/{self.sync_id}{path}")

    def form(self, action: str) -> dict[str, str]:
        """The fields of a button's form, as the report has them."""
        for form in re.findall(
            r"<form[^>]*method=\"post\".*?</form>", self.reads().text, re.DOTALL
        ):
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            if fields.get("action") == action:
                return fields
        raise AssertionError(f"the report has no button {action}")

    def answers(self, action: str, **fields: str) -> httpx.Response:
        return self.sends({**self.form(action), **fields})

    def sends(self, fields: dict[str, str]) -> httpx.Response:
        return self.client.post(
            f"/syncs/{self.sync_id}/decisions", data=fields, follow_redirects=False
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def district(office: Office) -> str:
    return office.opens_district("Prairie Unified")


@pytest.fixture
def sync_id(office: Office, district: str) -> str:
    return office.starts_sync(district)


@pytest.fixture
def comes_in(office: Office) -> Callable[..., Visit]:
    def of(sync_id: str, email: str = ADMINISTRATOR) -> Visit:
        client = TestClient(office.app(), raise_server_exceptions=False)
        assert office.lets_in(client, f"/syncs/{sync_id}", email).status_code == 200
        return Visit(client, sync_id)

    return of
