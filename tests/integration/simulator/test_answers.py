"""Headers, errors, tokens and the rate window."""

import pytest

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.generate import generate_district

NOW = 1_760_000_000.0


def test_every_data_answer_carries_the_rate_window(serve, district):
    clever = serve(district, clock=lambda: NOW)
    headers = clever.get("/v3.0/nowhere").headers
    assert {k: v for k, v in headers.items() if k.startswith("x-ratelimit")} == {
        "x-ratelimit-bucket": "bearer",
        "x-ratelimit-limit": "1200",
        "x-ratelimit-remaining": "1199",
        "x-ratelimit-reset": "1760000060",
    }


def test_answers_carry_the_recorded_headers(clever):
    headers = clever.get("/v3.0/districts").headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert (headers["server"], headers["cache-control"]) == ("envoy", "no-store")
    assert headers["etag"].startswith('W/"')
    assert "x-request-id" in headers


def test_token_calls_carry_no_rate_window(clever):
    headers = clever.oauth("/oauth/tokens?owner_type=district").headers
    assert not [name for name in headers if name.startswith("x-ratelimit")]


def test_over_the_limit_the_answer_is_429_without_a_body(serve, district):
    clever = serve(district, behaviour=Behaviour(rate_limit=2))
    statuses = [clever.get("/v3.0/districts").status for _ in range(3)]
    last = clever.get("/v3.0/districts")
    assert statuses == [200, 200, 429]
    assert (last.body, last.headers["x-ratelimit-remaining"]) == (b"", "0")
    assert "retry-after" not in last.headers


def test_the_window_begins_with_the_first_request_and_ends_sixty_seconds_later(serve, district):
    now = [NOW]
    clever = serve(district, behaviour=Behaviour(rate_limit=1), clock=lambda: now[0])
    statuses = []
    for second in (0, 59.9, 60):
        now[0] = NOW + second
        statuses.append(clever.get("/v3.0/districts").status)
    assert statuses == [200, 429, 200]


def test_an_unknown_path_is_404_with_a_page(clever):
    reply = clever.get("/v3.0/contacts")
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"Cannot GET /v3.0/contacts" in reply.body


def test_an_unknown_id_is_404_with_a_message(clever):
    reply = clever.get("/v3.0/users/000000000000000000000000")
    assert (reply.status, reply.json) == (404, {"message": "Resource not found"})


def test_writing_is_not_supported(clever):
    reply = clever.send("POST", "/v3.0/users", b"{}", Authorization=f"Bearer {clever.token}")
    assert reply.status == 501


def test_no_token_is_refused(clever):
    assert clever.send("GET", "/v3.0/districts").status == 401


def test_the_token_list_names_each_district(serve):
    districts = [generate_district(seed, 20) for seed in (1, 2)]
    data = serve(*districts).oauth("/oauth/tokens?owner_type=district").json["data"]
    assert [(grant["owner"], grant["access_token"]) for grant in data] == [
        ({"type": "district", "id": d.id}, d.token) for d in districts
    ]


def test_the_token_list_of_one_district_has_its_token_alone(serve):
    one, two = (generate_district(seed, 20) for seed in (1, 2))
    reply = serve(one, two).oauth(f"/oauth/tokens?owner_type=district&district={two.id}")
    assert [grant["access_token"] for grant in reply.json["data"]] == [two.token]


def test_a_wrong_secret_is_refused(clever):
    assert clever.oauth("/oauth/tokens?owner_type=district", app="demo-client:x").status == 401


def test_a_token_tells_its_app_and_scopes(clever):
    info = clever.get("/oauth/tokeninfo").json
    assert info["client_id"] == "demo-client"
    assert "read:student_contacts" in info["scopes"]


def test_a_token_reads_its_own_district_alone(serve):
    one, two = (generate_district(seed, 20) for seed in (1, 2))
    clever = serve(one, two)
    assert clever.get("/v3.0/districts", token=two.token).ids == [two.id]
    assert clever.get(f"/v3.0/districts/{one.id}", token=two.token).status == 404


def test_the_test_token_reads_the_first_district(clever, district):
    assert clever.get("/v3.0/districts", token="TEST_TOKEN").ids == [district.id]


@pytest.mark.parametrize("change", ["revoke", "rotate", "disconnect"])
def test_an_old_token_is_refused(clever, change):
    clever.world.change(change)
    assert clever.get("/v3.0/districts").status == 401


def test_a_rotated_token_is_in_the_list_and_good(clever, district):
    clever.world.change("rotate")
    data = clever.oauth("/oauth/tokens?owner_type=district").json["data"]
    assert [grant["access_token"] for grant in data] == [district.token]
    assert clever.get("/v3.0/districts", token=data[0]["access_token"]).status == 200


def test_a_revoked_token_leaves_the_list(clever):
    clever.world.change("revoke")
    assert clever.oauth("/oauth/tokens?owner_type=district").json["data"] == []


def test_without_secure_sync_the_district_alone_can_be_read(clever):
    clever.world.change("disconnect", way="scopes")
    assert clever.get("/v3.0/districts").status == 200
    assert clever.get("/v3.0/users").json == {"message": "Resource not in token's scopes"}


@pytest.mark.parametrize(
    ("setting", "city"), [("recorded", ""), ("null", None), ("absent", "no such key")]
)
def test_empty_values_go_out_as_the_setting_says(serve, district, setting, city):
    clever = serve(district, behaviour=Behaviour(empty_values=setting))
    student = clever.get("/v3.0/users?role=student&limit=1").json["data"][0]["data"]
    assert student["roles"]["student"]["location"].get("city", "no such key") == city


def test_keys_can_be_shuffled_and_fields_added(serve, district):
    plain = serve(district).get("/v3.0/schools?limit=1").json["data"][0]["data"]
    behaviour = Behaviour(shuffled_keys=True, unknown_fields=True)
    odd = serve(district, behaviour=behaviour).get("/v3.0/schools?limit=1").json["data"][0]["data"]
    assert odd.pop("field_of_tomorrow") == {"version": 4}
    assert odd == plain
    assert list(odd) != list(plain)
