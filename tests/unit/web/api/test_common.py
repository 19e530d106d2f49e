"""What all addresses share: errors, pages, entity tags, limits, and the OpenAPI document."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from fakeredis import FakeRedis, FakeServer
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from rosterhold.adapters.request_rate import RedisRequestRate
from rosterhold.web.api.describe import document
from tests.offices import Office

Calls = Callable[..., TestClient]
ROOT = Path(__file__).parents[4]


def test_the_document_beside_the_pages_is_the_one_that_is_served(calls: Calls):
    kept = (ROOT / "docs/openapi.json").read_text()

    assert kept == document(), "`make docs` writes it anew"
    assert calls().get("/openapi.json").json() == json.loads(kept)
    assert json.loads(kept)["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/districts/", 404),
        ("GET", "/no%0Awhere", 404),
        ("PUT", "/districts", 405),
        ("GET", "/districts?limit=0", 422),
        ("GET", "/districts?limit=x", 422),
        ("GET", "/districts?cursor=nonsense", 422),
        ("GET", "/districts?cursor=WyJ0b2tlbnMiLCJhIl0", 422),
        ("GET", "/districts/no%00where", 422),
        ("GET", "/districts/nowhere", 404),
    ],
)
def test_every_error_is_a_problem(calls: Calls, method: str, path: str, status: int):
    answer = calls().request(method, path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:rosterhold:problem:")
    assert "nonsense" not in answer.text


def test_a_method_that_is_not_taken_is_told_those_that_are(calls: Calls):
    assert calls().patch("/syncs").headers["allow"] == "GET, POST"
    assert calls().options("/holds").headers["allow"] == "GET"


def test_a_body_that_is_too_large_is_refused(calls: Calls):
    answer = calls().post("/tokens", content=b" " * 70_000)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_database_that_is_away_is_said(office: Office, calls: Calls, monkeypatch):
    client = calls()

    def away(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr("rosterhold.adapters.database.tokens.find", away)
    answer = client.get("/districts")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_surprise_is_a_problem_that_says_nothing(calls: Calls, monkeypatch):
    client = calls()

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("rosterhold.adapters.database.listings.districts_after", breaks)
    answer = client.get("/districts")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_nothing_is_kept_by_caches_and_no_other_site_is_let_in(calls: Calls):
    answer = calls().get("/districts", headers={"Origin": "https://other.example"})

    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_pages_go_on_where_the_last_one_ended(office: Office, calls: Calls):
    opened = sorted(office.opens_district(f"District {number}") for number in range(5))
    client, found, cursor = calls(), [], ""

    while cursor is not None:
        page = client.get(
            "/districts", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        found += [one["id"] for one in page.json()["data"]]
        cursor = page.json()["next_cursor"]

    assert found == opened


def test_who_has_it_already_is_told_so(office: Office, calls: Calls):
    office.opens_district("Prairie")
    client = calls()
    tag = client.get("/districts").headers["etag"]

    again = client.get("/districts", headers={"If-None-Match": f'"x", W/{tag}'})
    office.opens_district("Hilltop")
    changed = client.get("/districts", headers={"If-None-Match": tag})

    assert again.status_code == 304
    assert not again.content
    assert changed.status_code == 200


def test_a_token_that_sends_too_much_is_told_to_wait(
    office: Office, calls: Calls, redis_client: redis.Redis
):
    office.request_rate = RedisRequestRate(redis_client, 2)
    client = calls()

    answers = [client.get("/districts") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[1].headers["ratelimit"].startswith('"token";r=0;t=')
    assert answers[1].headers["ratelimit-policy"] == '"token";q=2;w=60'
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert calls().get("/districts").status_code == 200


def test_without_redis_every_request_is_let_through(office: Office, calls: Calls):
    server = FakeServer()
    server.connected = False
    office.request_rate = RedisRequestRate(FakeRedis(server=server), 1)
    client = calls()

    assert [client.get("/districts").status_code for _ in range(3)] == [200] * 3


def test_a_district_tells_of_a_pause_at_clever(office: Office, calls: Calls, district: str):
    office.clever_pauses(district, "2099-08-15")

    shown = calls().get(f"/districts/{district}").json()

    assert shown["clever_pause_end"] == "2099-08-15"
    assert shown["at_clever"].startswith("Clever has paused your data until Aug 15, 2099. ")
