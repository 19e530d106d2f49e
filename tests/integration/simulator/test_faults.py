"""Each fault as a client meets it."""

import http.client
import time

import pytest


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502, 503])
def test_a_status_fault_answers_with_the_status_and_json(clever, status):
    clever.world.fail(str(status))
    reply = clever.get("/v3.0/users")
    assert reply.status == status
    assert list(reply.json) == ["message"]


def test_404_html_answers_with_a_page(clever):
    clever.world.fail("404-html")
    reply = clever.get("/v3.0/users")
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_429_has_no_body_and_nothing_remaining(clever):
    clever.world.fail("429")
    reply = clever.get("/v3.0/users")
    assert (reply.status, reply.body, reply.headers["x-ratelimit-remaining"]) == (429, b"", "0")


def test_the_window_of_a_429_ends_after_the_seconds_asked_for(serve, district):
    clever = serve(district, clock=lambda: 1_760_000_000.0)
    clever.world.fail("429", seconds=2)
    assert clever.get("/v3.0/users").headers["x-ratelimit-reset"] == "1760000002"


def test_html_200_answers_with_a_page_and_success(clever):
    clever.world.fail("html-200")
    reply = clever.get("/v3.0/users")
    assert (reply.status, reply.body[:9]) == (200, b"<!DOCTYPE")


def test_slow_waits_and_then_answers_rightly(clever):
    clever.world.fail("slow", seconds=0.2)
    began = time.monotonic()
    assert clever.get("/v3.0/districts").status == 200
    assert time.monotonic() - began >= 0.2


def test_cut_body_ends_the_connection_in_the_middle(clever):
    clever.world.fail("cut-body")
    with pytest.raises(http.client.IncompleteRead):
        clever.get("/v3.0/users")


def test_repeat_page_gives_the_first_page_twice(clever):
    clever.world.fail("repeat-page", times=1)
    first = clever.get("/v3.0/users?limit=50")
    assert clever.get(first.links["next"]).ids == first.ids


def test_repeat_page_strikes_even_where_all_fits_on_one_page(clever):
    clever.world.fail("repeat-page", times=1)
    first = clever.get("/v3.0/users?limit=10000")
    assert clever.get(first.links["next"]).ids == first.ids


def test_next_loop_leads_back_to_the_same_page(clever):
    clever.world.fail("next-loop")
    assert clever.get("/v3.0/users?limit=50").links["next"] == "/v3.0/users?limit=50"


def test_missing_between_pages_drops_a_record_and_moves_last_sync(clever, district):
    before = district.info["last_sync"]
    clever.world.fail("missing-between-pages", times=1)
    assert len(clever.all("/v3.0/users?limit=100")) == 599
    assert district.info["last_sync"] > before


def test_moving_gives_another_last_sync_each_time(clever):
    clever.world.fail("moving")
    seen = [clever.get("/v3.0/districts").json["data"][0]["data"]["last_sync"] for _ in range(3)]
    assert seen == sorted(set(seen))


def test_a_fault_with_times_heals_by_itself(clever):
    clever.world.fail("503", times=2)
    assert [clever.get("/v3.0/users").status for _ in range(3)] == [503, 503, 200]


def test_a_fault_with_after_lets_requests_pass_first(clever):
    clever.world.fail("500", after=2)
    assert [clever.get("/v3.0/users").status for _ in range(3)] == [200, 200, 500]


def test_a_fault_with_a_path_leaves_other_paths_alone(clever):
    clever.world.fail("500", path="sections")
    assert clever.get("/v3.0/users").status == 200
    assert clever.get("/v3.0/sections").status == 500


def test_a_fault_without_a_path_leaves_token_calls_alone(clever):
    clever.world.fail("500")
    assert clever.oauth("/oauth/tokens?owner_type=district").status == 200


def test_a_fault_on_oauth_strikes_token_calls(clever):
    clever.world.fail("503", path="oauth")
    assert clever.oauth("/oauth/tokens?owner_type=district").status == 503


def test_faults_can_be_switched_by_calls(clever):
    assert clever.admin("POST", "faults", {"kind": "500", "times": 3}).status == 200
    assert clever.get("/v3.0/users").status == 500
    assert clever.admin("DELETE", "faults").json == {"cleared": 1}
    assert clever.get("/v3.0/users").status == 200


def test_an_unknown_fault_is_refused_with_those_there_are(clever):
    reply = clever.admin("POST", "faults", {"kind": "999"})
    assert reply.status == 400
    assert reply.json["error"].startswith("no fault is called '999'; there are: 401, 403")


def test_a_change_can_be_done_by_a_call(clever, district):
    reply = clever.admin("POST", "changes", {"change": "remove-school", "district": district.id})
    assert reply.json["counts"]["schools"] == {"deleted": 1}


def test_a_change_of_an_unknown_district_is_404(clever):
    reply = clever.admin("POST", "changes", {"change": "revoke", "district": "nowhere"})
    assert (reply.status, reply.json) == (404, {"error": "there is no district called 'nowhere'"})


def test_the_state_counts_requests_by_path_and_status(clever, district):
    clever.get("/v3.0/users")
    clever.get(f"/v3.0/users/{district.ids_of('student')[0]}")
    clever.get("/v3.0/nowhere")
    requests = clever.admin("GET", "state").json["requests"]
    assert requests == {
        "total": 3,
        "by_path": {"/v3.0/users": 1, "/v3.0/users/{id}": 1, "/v3.0/nowhere": 1},
        "by_status": {"200": 2, "404": 1},
    }
