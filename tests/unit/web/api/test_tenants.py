"""Every address of the API, walked: none answers without a token, or tells of another district."""

from collections.abc import Callable

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from rosterhold.adapters.database.tokens import NewToken, Scope
from rosterhold.web.api.app import ROUTERS, build
from tests.offices import Office, removal, students

Calls = Callable[..., TestClient]

ROUTES = [
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
# What a POST is sent; a body that names a district names the other one.
BODIES = {
    "/syncs": {"district": "{district_id}"},
    "/tokens": {"name": "n", "scopes": ["syncs:read"], "district": "{district_id}"},
    "/holds/{sync_id}/decisions": {"action": "check_again"},
    "/districts/{district_id}/schedule": {"cron": "30 20 * * *"},
}
# Lists that begin nowhere: they give what is the token's own.
LISTS = {"/districts", "/syncs", "/holds", "/tokens"}


def test_all_of_the_api_is_walked():
    documented = {
        (method.upper(), path)
        for path, methods in build("").openapi()["paths"].items()
        for method in methods
    }

    assert len(ROUTES) > 30
    assert set(ROUTES) == documented


@pytest.fixture
def foreign(office: Office, makes_token: Callable[..., NewToken]) -> dict[str, str]:
    """What each parameter of a path is in the other district."""
    district_id = office.opens_district("Hilltop", "other@example.org")
    sync_id = office.starts_sync(district_id)
    leaving = students(5)
    office.holds(sync_id, [removal(leaving, 10)], leaving)
    token = makes_token(Scope.SYNCS_READ, district=district_id)
    return {
        "district_id": district_id,
        "sync_id": sync_id,
        "token_id": token.row.id,
        "record_id": "1",
    }


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    assert "{" not in text, f"{text}: say in `foreign` what its parameter is"
    return text


def asked(path: str, values: dict[str, str]) -> dict[str, object] | None:
    body = BODIES.get(path)
    return body and {
        name: filled(value, values) if isinstance(value, str) else value
        for name, value in body.items()
    }


def test_no_address_tells_a_token_of_another_district(
    office: Office, calls: Calls, foreign: dict[str, str]
):
    client = calls(district=office.opens_district("Prairie"))

    for method, path in ROUTES:
        answer = client.request(method, filled(path, foreign), json=asked(path, foreign))
        words = f"{method} {path}: {answer.status_code}"
        if path in LISTS and method == "GET":
            assert answer.status_code == 200, words
            assert foreign["district_id"] not in answer.text, words
            assert foreign["sync_id"] not in answer.text, words
        else:
            assert answer.status_code == 404, words
            assert answer.headers["content-type"] == "application/problem+json", words
            assert "Hilltop" not in answer.text, words
    assert office.sync(foreign["sync_id"]).state.is_on_hold


def test_no_address_answers_without_a_token_or_its_scope(
    office: Office, calls: Calls, foreign: dict[str, str]
):
    stranger = calls()
    del stranger.headers["Authorization"]
    document = build("").openapi()["paths"]

    for method, path in ROUTES:
        body = asked(path, foreign)
        assert stranger.request(method, filled(path, foreign), json=body).status_code == 401
        [needed] = document[path][method.lower()]["security"]
        others = [scope for scope in Scope if scope.value not in needed["token"]]
        assert len(others) == len(Scope) - 1, f"{method} {path} names no scope"
    for scope in Scope:
        client = calls(scope)
        for method, path in ROUTES:
            [needed] = document[path][method.lower()]["security"]
            if scope.value not in needed["token"]:
                answer = client.request(method, filled(path, foreign), json=asked(path, foreign))
                assert answer.status_code == 403, f"{method} {path} with {scope}"
