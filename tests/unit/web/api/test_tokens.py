"""Who gets in, with which scopes, and how tokens are made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.database import tokens
from rosterhold.adapters.database.tokens import NewToken, Scope
from rosterhold.web.security import SESSION
from tests.offices import Office

Calls = Callable[..., TestClient]
Makes = Callable[..., NewToken]


def test_a_secret_checks_itself():
    secret = tokens.new_secret()

    assert tokens.looks_right(secret)
    assert not tokens.looks_right(secret[:-1])
    assert not tokens.looks_right(secret.replace("rh_", "gh_"))
    turned = secret[:5] + secret[6] + secret[5] + secret[7:]
    assert turned == secret or not tokens.looks_right(turned)


def test_a_token_is_kept_as_its_hash_alone(office: Office, makes_token: Makes):
    made = makes_token()

    with office.database.reading() as conn:
        rows = conn.exec_driver_sql("SELECT * FROM api_tokens").all()

    assert made.secret not in str(rows)
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer rh_" + "0" * 42]
)
def test_without_a_token_that_works_nobody_gets_in(office: Office, header: str):
    client = TestClient(office.app(), raise_server_exceptions=False)

    answer = client.get("/api/v1/districts", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:rosterhold:problem:unauthorized"


def test_the_cookie_of_the_pages_is_no_way_in(office: Office):
    client = TestClient(office.app(), raise_server_exceptions=False)
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    office.lets_in(client, f"/syncs/{sync_id}")

    assert client.cookies.get(SESSION)
    assert client.get("/api/v1/districts").status_code == 401


def test_a_token_that_was_revoked_or_has_expired_works_no_longer(
    office: Office, calls: Calls, makes_token: Makes
):
    revoked, expired = makes_token(), makes_token(days=-1)
    client = calls()

    client.delete(f"/tokens/{revoked.row.id}")

    for made in (revoked, expired):
        headers = {"Authorization": f"Bearer {made.secret}"}
        assert client.get("/districts", headers=headers).status_code == 401
    states = {one["id"]: one for one in client.get("/tokens").json()["data"]}
    assert states[revoked.row.id]["revoked_at"]


def test_a_token_without_the_scope_is_refused(calls: Calls):
    answer = calls(Scope.SYNCS_READ).get("/districts")

    assert answer.status_code == 403
    assert "districts:read" in answer.json()["detail"]


def test_the_last_use_is_noted_once_a_minute(office: Office, makes_token: Makes):
    made, noon = makes_token(), datetime(2026, 3, 2, 12, tzinfo=UTC)

    def used(at: datetime) -> datetime | None:
        with office.database.reading() as conn:
            row = tokens.load(conn, made.row.id, None)
        assert row is not None
        tokens.note_use(office.database, row, at)
        with office.database.reading() as conn:
            row = tokens.load(conn, made.row.id, None)
        assert row is not None
        return row.last_used_at

    assert used(noon) == noon
    assert used(noon + timedelta(seconds=59)) == noon
    assert used(noon + timedelta(seconds=60)) == noon + timedelta(seconds=60)


def test_a_new_token_has_no_more_than_the_one_that_makes_it(office: Office, calls: Calls):
    own, other = office.opens_district("Prairie"), office.opens_district("Hilltop")
    client = calls(Scope.TOKENS_WRITE, Scope.ROSTER_READ, district=own)

    made = client.post("/tokens", json={"name": "job", "scopes": ["roster:read"], "days": 3e3})
    wider = client.post("/tokens", json={"name": "job", "scopes": ["holds:decide"]})
    elsewhere = client.post(
        "/tokens", json={"name": "job", "scopes": ["roster:read"], "district": other}
    )

    assert made.status_code == 201
    assert made.json()["district"] == own
    assert made.json()["token"].startswith("rh_")
    assert datetime.fromisoformat(made.json()["expires_at"]) < datetime.now(UTC) + timedelta(days=2)
    assert wider.status_code == 403
    assert elsewhere.status_code == 404


def test_a_token_of_all_districts_makes_one_of_a_single_one(office: Office, calls: Calls):
    own = office.opens_district("Prairie")
    office.opens_district("Hilltop")

    made = calls().post(
        "/tokens", json={"name": "job", "scopes": ["districts:read"], "district": own}
    )
    client = calls()
    client.headers["Authorization"] = f"Bearer {made.json()['token']}"

    assert [one["id"] for one in client.get("/districts").json()["data"]] == [own]
