"""What a fetch makes of Clever's failures."""

import httpx
import pytest

from rosterhold.adapters.clever.outcome import SENTENCES, Fetched

HTML = b"<!DOCTYPE html><pre>Cannot GET /v3.0/schools</pre>"


def without_links(answer):
    return httpx.Response(200, json={"data": answer.json()["data"]})


def with_next(uri):
    def lead_on(answer):
        body = answer.json()
        body["links"] = [{"rel": "next", "uri": uri}]
        return httpx.Response(200, json=body)

    return lead_on


def backwards(answer):
    body = answer.json()
    return httpx.Response(200, json=body | {"data": body["data"][::-1]})


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"message": "oops"}),
        (502, b"<html>bad gateway</html>"),
        (503, b""),
        (429, b""),
        (200, HTML),
        (200, b'{"data":[{"data":{"id":"b1"}}'),
        (200, b""),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut body"),
    ],
)
def test_a_passing_failure_is_survived(clever, fetching, answer):
    clever.has_a_small_roster()
    clever.fails(answer, at="schools", times=3)
    assert fetching().manifest.counts["schools"] == 2
    assert len(fetching.clock.slept) >= 3


@pytest.mark.parametrize(
    ("answer", "code", "permanent"),
    [
        ((500, {"message": "oops"}), "unreachable", False),
        (httpx.ConnectError("refused"), "unreachable", False),
        ((429, b""), "rate_limited", False),
        ((200, HTML), "bad_answer", False),
        ((200, {"resources": []}), "bad_answer", False),
        ((302, b""), "bad_answer", False),
        ((400, {"message": "bad"}), "refused", True),
        ((402, b""), "out_of_scope", True),
        ((403, {"error": "no"}), "out_of_scope", True),
        ((404, {"message": "Resource not in token's scopes"}), "out_of_scope", True),
        ((404, {"message": "not found"}), "incomplete", True),
        ((404, HTML), "incomplete", True),
        ((413, b""), "refused", True),
        ((501, b""), "refused", True),
        ((401, {"message": "no"}), "token_refused", True),
        (without_links, "bad_answer", False),
        (with_next("/v3.0/schools?starting_after=b2"), "incomplete", False),
        (with_next("/v3.0/schools?starting_after=b1"), "incomplete", False),
        (with_next("/v3.0/schools?starting_after=b9"), "incomplete", False),
        (with_next("/v3.0/schools?starting_after=../x"), "incomplete", False),
        (with_next("/v3.0/users?starting_after=b2"), "incomplete", False),
        (with_next("/v3.0/schools"), "incomplete", False),
        (backwards, "incomplete", False),
    ],
)
def test_a_lasting_failure_is_told_as_what_it_is(clever, fetching, answer, code, permanent):
    clever.has_a_small_roster()
    clever.fails(answer, at="schools", times=1_000)
    outcome = fetching()
    assert (outcome.code, outcome.permanent) == (code, permanent)
    assert outcome.sentence == SENTENCES[code]
    assert "schools" in outcome.detail
    assert "token-1" not in outcome.detail


def test_a_repeated_second_page_makes_the_fetch_incomplete_and_the_next_one_whole(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 2
    clever.repeats_first_pages = True
    outcome = fetching()
    assert outcome.code == "incomplete"
    clever.repeats_first_pages = False
    assert fetching().manifest.counts["students"] == 5


def test_a_link_to_another_host_is_never_followed(clever, fetching):
    clever.has_a_small_roster()
    clever.fails(with_next("https://evil.example/v3.0/schools?starting_after=b2"), at="schools")
    assert fetching().manifest.counts["schools"] == 2


def test_a_smaller_page_is_asked_for_when_clever_finds_it_too_large(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((413, b""), at="users student", times=2)
    assert fetching().manifest.counts["students"] == 5
    assert ("users student", "", "2500") in clever.asked


def test_a_rotated_token_is_looked_up_once_and_the_fetch_goes_on(clever, fetching):
    clever.has_a_small_roster()

    def rotate(answer):
        clever.rotates_its_token("token-2")
        return answer

    clever.page_size = 2
    clever.fails(rotate, at="users student")
    assert fetching().manifest.counts["students"] == 5


def test_an_app_that_is_removed_meanwhile_is_not_connected(clever, fetching):
    clever.has_a_small_roster()

    def remove(answer):
        clever.removes_the_app()
        return answer

    clever.page_size = 1
    clever.fails(remove, at="users student")
    assert fetching().code == "not_connected"


def test_a_district_that_is_not_in_the_token_list_is_not_connected(clever, fetching):
    clever.removes_the_app()
    outcome = fetching()
    assert (outcome.code, outcome.permanent) == ("not_connected", True)
    assert "installed" in outcome.sentence


def test_a_list_not_found_because_the_app_was_removed_is_not_connected(clever, fetching):
    clever.has_a_small_roster()

    def vanish(_):
        clever.removes_the_app()
        return httpx.Response(404, content=HTML)

    clever.fails(vanish, at="schools")
    assert fetching().code == "not_connected"


def test_a_district_the_token_does_not_show_is_not_connected(clever, fetching):
    clever.fails((404, b""), at=f"districts/{clever.district['id']}")
    assert fetching().code == "not_connected"


def test_wrong_credentials_of_the_app_are_told_apart_from_a_districts_token(clever, fetching):
    clever.fails((401, {"error": "unauthorized"}), at="tokens")
    assert fetching().code == "credentials_refused"


def test_terms_and_courses_that_clever_does_not_know_are_none(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((404, HTML), at="terms")
    clever.fails((404, {"message": "not found"}), at="courses")
    assert isinstance(fetching(), Fetched)


def test_terms_that_vanish_where_there_were_some_make_the_fetch_incomplete(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((404, HTML), at="terms")
    assert fetching(had={"terms": 4}).code == "incomplete"


def test_contacts_out_of_scope_are_none_where_there_were_none(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((403, {"message": "no"}), at="users contact")
    assert fetching(had={"students": 5}).manifest.counts["contacts"] == 0


def test_contacts_out_of_scope_hold_where_there_were_some(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((404, {"message": "Resource not in token's scopes"}), at="users contact")
    assert fetching(had={"contacts": 5}).code == "out_of_scope"


def test_contacts_that_are_merely_not_found_are_not_taken_for_none(clever, fetching):
    clever.has_a_small_roster()
    clever.fails((404, {"message": "not found"}), at="users contact")
    assert fetching().code == "incomplete"


def test_after_a_refusal_for_the_rate_the_next_window_is_waited_for(clever, fetching, clock):
    clever.has_a_small_roster()
    headers = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-limit": "1200",
        "x-ratelimit-reset": str(int(clock.now) + 40),
    }
    clever.fails((429, b"", headers), at=f"districts/{clever.district['id']}")
    started = clock.now
    assert isinstance(fetching(), Fetched)
    assert 40 <= clock.now - started <= 43


def test_a_page_kept_before_clever_became_unreachable_is_not_asked_for_again(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 2
    clever.fails((500, b""), at="users contact", times=6)
    assert fetching().code == "unreachable"
    clever.asked.clear()
    assert isinstance(fetching(), Fetched)
    assert ("schools", "", "10000") not in clever.asked


def test_the_districts_that_granted_the_app_are_listed(clever, fetching):
    clever.tokens["5a0c91b95c7cc000010d417c"] = "token-3"
    assert fetching.ask(lambda client: client.districts_that_granted()) == [
        "58da8a43cc70ab00017a1a87",
        "5a0c91b95c7cc000010d417c",
    ]


def test_a_permit_that_never_comes_ends_the_fetch_in_bounded_time(clever, fetching):
    class ClosedGate:
        def take(self, _token):
            return 60.0

        def learn(self, _token, _window):
            pass

    outcome = fetching(gate=ClosedGate())
    assert (outcome.code, outcome.permanent) == ("rate_limited", False)
    assert sum(fetching.clock.slept) <= 10 * 65
    assert not clever.asked
