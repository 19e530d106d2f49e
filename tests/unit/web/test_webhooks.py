"""Webhooks in, as a sender meets them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from rosterhold.adapters.database import views
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.webhooks.secret import new_secret
from rosterhold.adapters.webhooks.signing import signed_headers
from tests.offices import Office, removal, students

Sends = Callable[..., httpx.Response]


@pytest.fixture
def sends(office: Office) -> Sends:
    """A sender who knows the secret."""
    secret = new_secret()
    office.webhook_secrets = (secret,)
    client = TestClient(office.app(), raise_server_exceptions=False)

    def send(
        path: str, data: object, event_id: str = "01EVENT", *, late: timedelta = timedelta()
    ) -> httpx.Response:
        body = json.dumps({"type": "told", "data": data}).encode()
        headers = signed_headers(secret, event_id, datetime.now(UTC) - late, body)
        return client.post(f"/webhooks/{path}", content=body, headers=headers)

    return send


def begins(office: Office) -> list[str]:
    """The districts for which a sync is asked for."""
    with office.database.reading() as conn:
        query = sa.select(outbox.c.district_id).where(outbox.c.work == "begin")
        return list(conn.execute(query).scalars())


@pytest.mark.parametrize("word", ["ours", "Clever's"])
def test_news_of_a_district_ask_for_a_sync(office, district, sends, word):
    named = district if word == "ours" else "clever-Prairie Unified"
    answer = sends("clever", {"district": named})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert begins(office) == [district]
    assert [written.work for written in office.doorbell.rung] == ["begin"]


def test_the_same_news_twice_are_one(office, district, sends):
    answers = [sends("clever", {"district": district}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert begins(office) == [district]


def test_other_news_of_the_same_district_wait_for_the_same_sync(office, district, sends):
    for event_id in ("01A", "01B"):
        assert sends("clever", {"district": district}, event_id).status_code == 202
    assert begins(office) == [district]


def test_news_of_nobody_we_know_are_refused(office, sends):
    answer = sends("clever", {"district": "5a0c91b95c7cc000010d417c"})
    assert answer.status_code == 404
    assert "there is no district" in answer.json()["detail"]


def test_old_news_are_refused(office, district, sends):
    answer = sends("clever", {"district": district}, late=timedelta(minutes=6))
    assert (answer.status_code, begins(office)) == (401, [])


def test_what_is_not_signed_is_refused(office, district, sends):
    client = TestClient(office.app())
    answer = client.post("/webhooks/clever", json={"data": {"district": district}})
    assert (answer.status_code, begins(office)) == (401, [])


@pytest.mark.parametrize("data", [None, {}, {"district": 5}, []])
def test_news_that_say_nothing_are_refused(office, sends, data):
    assert sends("clever", data).status_code == 400


def test_what_is_too_large_is_refused(office, sends):
    assert sends("clever", {"district": "x" * 100_000}).status_code == 413


def test_without_a_secret_there_is_no_such_page(office):
    client = TestClient(office.app())
    assert client.post("/webhooks/clever", json={}).status_code == 404


@pytest.fixture
def held(office: Office, sync_id: str) -> str:
    leaving = students(30)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    return sync_id


def answer_of(office: Office, held: str, action: str, **more: Any) -> dict[str, Any]:
    with office.database.reading() as conn:
        hold = views.hold_view(conn, held)
    assert hold is not None
    return {"sync": held, "action": action, "digest": hold.reasons[0].digest, **more}


def test_an_answer_from_outside_lets_the_sync_go_on(office, held, sends):
    data = answer_of(office, held, "confirm_removals", by="ticket 12")
    answer = sends("resume", data)
    assert (answer.status_code, answer.json()["state"]) == (202, "resumed")
    with office.database.reading() as conn:
        hold = views.hold_view(conn, held)
    assert hold is not None
    assert [(one.action, one.who) for one in hold.decisions] == [
        ("confirm_removals", "webhook: ticket 12")
    ]


def test_the_same_answer_twice_is_answered_like_the_first(office, held, sends):
    data = answer_of(office, held, "confirm_removals")
    answers = [sends("resume", data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]


def test_an_answer_on_an_old_digest_is_refused_with_the_reason(office, held, sends):
    data = {**answer_of(office, held, "confirm_removals"), "digest": "0" * 64}
    answer = sends("resume", data)
    assert (answer.status_code, answer.json()["status"]) == (409, "outdated")
    assert office.sync(held).state == "on_hold.data_removals"


def test_an_answer_that_nobody_knows_is_refused(office, held, sends):
    assert sends("resume", answer_of(office, held, "erase")).status_code == 400
    assert sends("resume", {"sync": "01NONE", "action": "fixed"}).status_code == 404
