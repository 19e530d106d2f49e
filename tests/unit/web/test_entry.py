"""The way in, and who gets in."""

import time
from collections.abc import Callable

import pytest
from itsdangerous import TimestampSigner
from starlette.testclient import TestClient

from rosterhold.adapters.database import districts
from rosterhold.adapters.tickets import LINK_MAX_AGE_S, Purpose, Tickets
from rosterhold.web.security import COOKIE
from tests.offices import ADMINISTRATOR, Office

ComesIn = Callable[..., object]
NOBODYS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def stranger(office: Office) -> TestClient:
    return TestClient(office.app(), raise_server_exceptions=False)


def test_the_link_of_a_mail_leads_to_the_report_under_a_clean_address(
    office: Office, stranger: TestClient, sync_id: str
):
    answer = stranger.get(office.link(sync_id))

    assert answer.status_code == 200
    assert answer.url.path == f"/syncs/{sync_id}"
    assert not answer.url.query


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    office: Office, stranger: TestClient, sync_id: str
):
    answer = stranger.get(office.link(sync_id), follow_redirects=False)

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_where_the_site_is(office: Office, sync_id: str):
    office.public_url = "https://roster.example.org"
    client = TestClient(office.app(), base_url=office.public_url)

    answer = client.get(office.link(sync_id), follow_redirects=False)

    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/syncs/../../evil",
        "/syncs/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/enter/another",
        "",
    ],
)
def test_a_link_never_leads_to_another_site(
    office: Office, stranger: TestClient, district: str, elsewhere: str
):
    ticket = office.tickets.for_administrator(district, ADMINISTRATOR)

    answer = stranger.get(f"/enter/{ticket}", params={"next": elsewhere}, follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_forged_ticket_is_answered_kindly_and_opens_nothing(stranger: TestClient):
    answer = stranger.get("/enter/forged")

    assert answer.status_code == 403
    assert "newest mail" in answer.text
    assert "set-cookie" not in answer.headers


def test_an_expired_ticket_opens_nothing(
    office: Office, stranger: TestClient, sync_id: str, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as earlier:
        long_ago = int(time.time()) - LINK_MAX_AGE_S - 60
        earlier.setattr(TimestampSigner, "get_timestamp", lambda _: long_ago)
        link = office.link(sync_id)

    assert stranger.get(link).status_code == 403


@pytest.mark.parametrize(("ahead_s", "status"), [(600, 200), (2 * 3600, 403)])
def test_a_link_from_a_worker_whose_clock_is_minutes_ahead_works_at_once(
    office: Office,
    stranger: TestClient,
    sync_id: str,
    monkeypatch: pytest.MonkeyPatch,
    ahead_s: int,
    status: int,
):
    with monkeypatch.context() as elsewhere:
        then = int(time.time()) + ahead_s
        elsewhere.setattr(TimestampSigner, "get_timestamp", lambda _: then)
        link = office.link(sync_id)

    assert stranger.get(link).status_code == status


def test_a_session_is_no_link_and_a_link_no_session(
    office: Office, stranger: TestClient, district: str
):
    session = office.tickets.for_administrator(district, ADMINISTRATOR, purpose=Purpose.SESSION)
    link = office.tickets.for_administrator(district, ADMINISTRATOR)

    assert stranger.get(f"/enter/{session}").status_code == 403
    assert stranger.get("/", headers={"Cookie": f"{COOKIE}={link}"}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/syncs/X", "/syncs/X/records", "/syncs/X/changes.csv"])
def test_who_did_not_come_in_is_told_how_to(stranger: TestClient, path: str):
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert "link in the mail" in answer.text


def test_an_administrator_who_was_taken_off_the_list_is_out_at_once(
    office: Office, comes_in: ComesIn, sync_id: str, district: str
):
    visit = comes_in(sync_id)

    with office.database.transaction() as tx:
        districts.set_administrators(tx, district, ["successor@example.org"])

    assert visit.reads().status_code == 401
    assert visit.client.get(office.link(sync_id)).status_code == 403


@pytest.mark.parametrize("page", ["", "/records", "/changes.csv"])
def test_a_foreign_sync_looks_like_one_that_is_not_there(
    office: Office, comes_in: ComesIn, sync_id: str, page: str
):
    foreign = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))
    visit = comes_in(sync_id)

    theirs = visit.client.get(f"/syncs/{foreign}{page}")
    nobodys = visit.client.get(f"/syncs/{NOBODYS}{page}")

    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text.replace(foreign, "") == nobodys.text.replace(NOBODYS, "")


def test_home_lists_the_syncs_of_the_own_district_alone(
    office: Office, comes_in: ComesIn, sync_id: str
):
    foreign = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))

    home = comes_in(sync_id).client.get("/").text

    assert sync_id in home
    assert foreign not in home


def test_a_newer_key_signs_and_the_older_one_still_opens():
    before = Tickets(["old"]).for_administrator("d", "a@example.org")
    rotated = Tickets(["new", "old"])

    assert rotated.read(before, 60) is not None
    assert Tickets(["new"]).read(rotated.for_administrator("d", "a@example.org"), 60) is not None
    assert Tickets(["new"]).read(before, 60) is None
