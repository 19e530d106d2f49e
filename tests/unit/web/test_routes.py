"""Every address of the site is public by this list, or guarded: whoever adds one says which."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from rosterhold.adapters.database.accounts import Role
from rosterhold.web.api.app import create_api
from rosterhold.web.api.mount import PATH as API
from rosterhold.web.api.mount import LateApi
from tests.offices import Office, removal, students

# For whoever asks: they tell of no district.
PUBLIC = {
    "GET /login",
    "POST /login/mail",
    "GET /enter/{ticket}",
    "POST /enter/{ticket}",
    "GET /login/clever",
    "GET /login/clever/callback",
    "GET /healthz",
    "GET /readyz",
    "GET /static/{path}",
}
# They have keys of their own instead of a session, and tests of their own.
KEYED = {
    "POST /webhooks/clever",
    "POST /webhooks/resume",
    "GET /metrics",
    "GET /unsubscribe/{token}",
    "POST /unsubscribe/{token}",
}
# They show what is the visitor's own, whoever that is.
OWN = {"GET /", "GET /account", "POST /logout"}
FOREIGN = "Hilltop Unified"


@dataclass(frozen=True)
class Address:
    """A route for one method."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def addresses(routes: list[BaseRoute], prefix: str = "") -> Iterator[Address]:
    for route in routes:
        if isinstance(route, Mount) and isinstance(route.app, LateApi):
            continue
        if isinstance(route, Mount):
            below = route.routes
            path = prefix + route.path
            yield from addresses(below, path) if below else [Address("GET", path + "/{path}")]
        else:
            assert isinstance(route, Route), f"{route} is of no kind that is walked"
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Address(method, prefix + route.path_format)


def of_the_api(api: FastAPI) -> Iterator[Address]:
    """What the API's document names, which is all that it has."""
    for path, methods in api.openapi()["paths"].items():
        for method in methods:
            yield Address(method.upper(), API + path)


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> list[Address]:
    office = Office(tmp_path_factory.mktemp("office"))
    app = office.app()
    found = [*addresses(list(app.routes)), *of_the_api(create_api(app.state.site))]
    office.database.dispose()
    assert len(found) > len(PUBLIC)
    return found


@pytest.fixture
def guarded(every: list[Address]) -> list[Address]:
    return [one for one in every if str(one) not in PUBLIC | KEYED]


@pytest.fixture
def pages(guarded: list[Address]) -> list[Address]:
    """Guarded, and for people."""
    return [one for one in guarded if not one.path.startswith(API)]


@pytest.fixture
def foreign(office: Office) -> dict[str, str]:
    """For each parameter of a path what it is in another district, where a sync is on hold."""
    district_id = office.opens_district(FOREIGN, "other@example.org")
    sync_id = office.starts_sync(district_id)
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    return {
        "district_id": district_id,
        "sync_id": sync_id,
        "work_id": "4711000001",
        "endpoint_id": "01ENDPOINT0000000000000000",
        "delivery_id": "01DELIVERY0000000000000000",
    }


def asks(client: TestClient, address: Address, parameters: dict[str, str]):
    path = address.path
    for name, value in parameters.items():
        path = path.replace("{" + name + "}", value)
    if path.startswith(API):
        # Whose it is does not matter: who has no token is not asked for more.
        path = re.sub(r"{\w+}", "x", path)
    assert "{" not in path, f"{address}: say in `foreign` what its parameter is"
    data = {} if address.method in {"POST", "PUT", "PATCH"} else None
    return client.request(address.method, path, data=data, follow_redirects=False)


def test_the_list_of_public_addresses_names_none_that_is_gone(every: list[Address]):
    assert {str(one) for one in every} >= PUBLIC | KEYED | OWN


def test_who_is_not_in_gets_nothing_but_the_public_addresses(
    office: Office, guarded: list[Address], foreign: dict[str, str]
):
    client = TestClient(office.app(), raise_server_exceptions=False)

    answers = {str(one): asks(client, one, foreign) for one in guarded}

    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    assert not [name for name, answer in answers.items() if FOREIGN in answer.text]


def test_who_has_no_key_gets_nothing_where_one_is_needed(office: Office, every: list[Address]):
    client = TestClient(office.app(), raise_server_exceptions=False)

    for one in every:
        if str(one) in KEYED:
            assert asks(client, one, {"token": "x"}).status_code in {401, 403, 404, 503}, one


def test_the_api_takes_tokens_and_no_session(
    guarded: list[Address],
    foreign: dict[str, str],
    comes_in: Callable[..., object],
    sync_id: str,
):
    client = comes_in(sync_id).client
    of_the_api = [one for one in guarded if one.path.startswith(API)]

    assert {asks(client, one, foreign).status_code for one in of_the_api} == {401}


def test_an_administrator_finds_nothing_of_another_district(
    office: Office,
    pages: list[Address],
    foreign: dict[str, str],
    comes_in: Callable[..., object],
    sync_id: str,
):
    client = comes_in(sync_id).client
    others = [one for one in pages if str(one) not in OWN]

    answers = {str(one): asks(client, one, foreign) for one in others}

    wrong = {
        name: answer.status_code
        for name, answer in answers.items()
        if answer.status_code not in {403, 404}
    }
    assert wrong == {}
    assert not [name for name, answer in answers.items() if FOREIGN in answer.text]


def test_the_own_pages_name_no_other_district(
    office: Office,
    every: list[Address],
    foreign: dict[str, str],
    comes_in: Callable[..., object],
    sync_id: str,
):
    client = comes_in(sync_id).client

    for one in every:
        if str(one) in OWN and one.method == "GET":
            answer = client.get(one.path)
            assert answer.status_code == 200
            assert FOREIGN not in answer.text
            assert not [value for value in foreign.values() if value in answer.text]


def test_support_changes_nothing_anywhere(
    office: Office,
    pages: list[Address],
    foreign: dict[str, str],
    comes_in: Callable[..., object],
    sync_id: str,
):
    office.has_staff("help@company.example", Role.SUPPORT)
    client = comes_in(sync_id, "help@company.example").client
    changing = [one for one in pages if one.method != "GET"]

    answers = {str(one): asks(client, one, foreign).status_code for one in changing}

    assert set(answers.values()) == {403}


def test_no_page_is_kept_by_a_browser_and_none_runs_a_script_of_its_text(
    office: Office,
    pages: list[Address],
    comes_in: Callable[..., object],
    sync_id: str,
    district: str,
):
    own = {"sync_id": sync_id, "district_id": district}
    client = comes_in(sync_id).client

    for one in pages:
        if one.method == "GET":
            answer = asks(client, one, own)
            assert answer.headers["cache-control"] == "no-store", one
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "<script>" not in answer.text
                assert " style=" not in answer.text
                assert "<style" not in answer.text
