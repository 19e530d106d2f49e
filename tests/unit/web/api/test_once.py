"""A request that is sent twice with the same key, on either database."""

import threading
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.offices import Office

Calls = Callable[..., TestClient]


@pytest.fixture
def office(office_on_both: Office) -> Office:
    return office_on_both


def test_the_same_request_with_the_same_key_is_done_once(calls: Calls):
    client = calls()
    asked = {"name": "job", "scopes": ["roster:read"]}

    first, second = (
        client.post("/tokens", json=asked, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )

    assert first.status_code == second.status_code == 201
    assert second.json() == first.json() | {"token": None}
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(client.get("/tokens").json()["data"]) == 2


def test_a_key_is_not_used_for_another_request(calls: Calls):
    client = calls()
    key = {"Idempotency-Key": "k1"}

    client.post("/tokens", json={"name": "a", "scopes": ["roster:read"]}, headers=key)
    other = client.post("/tokens", json={"name": "b", "scopes": ["roster:read"]}, headers=key)

    assert other.status_code == 422
    assert other.json()["type"] == "urn:rosterhold:problem:key-used"


def test_a_key_belongs_to_its_token_and_is_free_again_after_a_refusal(calls: Calls):
    key = {"Idempotency-Key": "k1"}
    asked = {"name": "a", "scopes": ["roster:read"], "district": "nowhere"}
    client = calls()

    assert client.post("/tokens", json=asked, headers=key).status_code == 404
    del asked["district"]
    assert client.post("/tokens", json=asked, headers=key).status_code == 201
    theirs = calls().post("/tokens", json=asked, headers=key)
    assert theirs.json()["token"]


def test_of_two_at_the_same_time_one_is_done(calls: Calls):
    client, answers = calls(), []
    client.get("/districts")

    def send() -> None:
        asked = {"name": "job", "scopes": ["roster:read"]}
        answers.append(client.post("/tokens", json=asked, headers={"Idempotency-Key": "k1"}))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(client.get("/tokens").json()["data"]) == 2
