"""Which pages somebody may be led to, and signed tickets."""

import time

import pytest
from itsdangerous import TimestampSigner

from rosterhold.adapters.links import own_page
from rosterhold.adapters.tickets import Tickets


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/syncs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/syncs/01ARZ3NDEKTSV4RRFFQ69G5FAV/records?q=Jane+Doe&kind=students&page=2",
        "/syncs/01ARZ3NDEKTSV4RRFFQ69G5FAV/changes.csv",
        "/districts/01ARZ3NDEKTSV4RRFFQ69G5FAV/syncs?from=%C3%A9",
        "/operations",
    ],
)
def test_an_own_page_is_led_to(page: str):
    assert own_page(page) == page


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "https://evil.example",
        "HTTPS:evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/x/..//evil.example",
        "/syncs/../../evil",
        "/syncs/x\r\nSet-Cookie: a=b",
        "/syncs/x\n",
        "/@evil.example",
        "/x@evil.example",
        "/syncs/x#//evil",
        "/syncs/x?next=//evil.example",
        "/;@evil.example",
        "/\u2215evil.example",
        "/\uff0fevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "/enter/another",
        "/login",
        "/login/clever?next=/",
        "/logout",
        "/" + "x" * 600,
    ],
)
def test_whatever_could_be_another_site_leads_home(elsewhere: str):
    assert own_page(elsewhere) == "/"


def test_a_ticket_is_read_for_its_purpose_alone():
    tickets = Tickets(["key"])
    token = tickets.sign("one thing", {"a": 1})

    assert tickets.read("one thing", token, 60) == {"a": 1}
    assert tickets.read("another", token, 60) is None
    assert tickets.read("one thing", token + "x", 60) is None


@pytest.mark.parametrize(("ahead_s", "read"), [(600, "b"), (-61, None), (2 * 3600, None)])
def test_a_ticket_of_a_clock_that_is_minutes_ahead_is_read_and_an_old_one_is_not(
    monkeypatch: pytest.MonkeyPatch, ahead_s: int, read: str | None
):
    tickets = Tickets(["key"])
    with monkeypatch.context() as elsewhere:
        then = int(time.time()) + ahead_s
        elsewhere.setattr(TimestampSigner, "get_timestamp", lambda _: then)
        token = tickets.sign("a", "b")

    assert tickets.read("a", token, 60) == read


def test_a_newer_key_signs_and_the_older_one_still_reads():
    before = Tickets(["old"]).sign("a", "b")
    rotated = Tickets(["new", "old"])

    assert rotated.read("a", before, 60) == "b"
    assert Tickets(["new"]).read("a", rotated.sign("a", "b"), 60) == "b"
    assert Tickets(["new"]).read("a", before, 60) is None
