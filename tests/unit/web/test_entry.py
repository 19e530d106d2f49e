"""The way in by a link, and who gets in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.database import accounts, districts, login_links
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.login_links import LASTS
from tests.offices import ADMINISTRATOR, Office, hidden_fields

ComesIn = Callable[..., object]
NOBODYS = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def stranger(office: Office) -> TestClient:
    return TestClient(office.app(), raise_server_exceptions=False)


def uses(client: TestClient, link: str):
    return client.post(link, data=hidden_fields(client.get(link).text), follow_redirects=False)


def test_a_link_shows_whose_it_is_and_its_button_leads_to_the_page_under_a_clean_address(
    office: Office, stranger: TestClient, sync_id: str
):
    assert ADMINISTRATOR in stranger.get(office.link(sync_id)).text

    answer = office.lets_in(stranger, f"/syncs/{sync_id}")

    assert answer.status_code == 200
    assert answer.url.path == f"/syncs/{sync_id}"
    assert not answer.url.query


def test_looking_at_a_link_uses_nothing_up(office: Office, stranger: TestClient, sync_id: str):
    link = office.link(sync_id)
    for _ in range(3):
        TestClient(office.app()).get(link)

    assert uses(stranger, link).status_code == 303


def test_a_link_works_once(office: Office, stranger: TestClient, sync_id: str):
    link = office.link(sync_id)
    thief = TestClient(office.app())
    form = hidden_fields(thief.get(link).text)
    uses(stranger, link)

    answer = thief.post(link, data=form, follow_redirects=False)

    assert answer.status_code == 403
    assert "This link no longer works" in answer.text
    assert thief.get("/").status_code == 401


@pytest.mark.parametrize(("after", "status"), [(LASTS - timedelta(seconds=2), 303), (LASTS, 403)])
def test_a_link_works_for_a_quarter_of_an_hour(
    office: Office, stranger: TestClient, sync_id: str, after: timedelta, status: int
):
    link = office.link(sync_id)
    form = hidden_fields(stranger.get(link).text)

    office.time_passes(after)

    assert stranger.post(link, data=form, follow_redirects=False).status_code == status


def test_a_link_that_ended_sends_a_fresh_one_to_the_same_page(
    office: Office, stranger: TestClient, sync_id: str
):
    link = office.link(sync_id)
    office.time_passes(timedelta(hours=3))
    page = stranger.get(link)
    assert page.status_code == 403
    assert ADMINISTRATOR not in page.text

    stranger.post("/login/mail", data=hidden_fields(page.text))
    answer = uses(stranger, office.mailer.link())

    assert answer.headers["location"] == f"/syncs/{sync_id}"


def test_after_a_day_nothing_is_known_of_a_link(office: Office, stranger: TestClient, sync_id: str):
    link = office.link(sync_id)
    office.time_passes(timedelta(days=2))

    assert 'name="link"' not in stranger.get(link).text


def test_a_link_is_kept_nowhere_in_the_clear(office: Office, sync_id: str):
    token = office.link(sync_id).rpartition("/")[2]
    with office.database.reading() as conn:
        kept = conn.exec_driver_sql("SELECT * FROM login_links").all()

    assert kept
    assert token not in str(kept)


def test_a_used_link_leads_on_who_is_in_by_it(office: Office, stranger: TestClient, sync_id: str):
    link = office.link(sync_id)
    uses(stranger, link)

    assert stranger.get(link).url.path == f"/syncs/{sync_id}"


def test_a_forged_link_is_answered_kindly_and_opens_nothing(stranger: TestClient):
    answer = stranger.get("/enter/forged")

    assert answer.status_code == 403
    assert "This link no longer works" in answer.text
    assert "rosterhold_session" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_the_button_of_another_browser_lets_nobody_in(
    office: Office, stranger: TestClient, sync_id: str, token: str | None
):
    link = office.link(sync_id)
    form = {} if token is None else {"csrf": token}

    assert stranger.post(link, data=form).status_code == 403
    attacker = TestClient(office.app())
    theirs = hidden_fields(attacker.get(link).text)
    assert stranger.post(link, data=theirs).status_code == 403
    assert stranger.get("/").status_code == 401


def test_a_link_of_somebody_who_was_taken_off_the_list_opens_nothing(
    office: Office, stranger: TestClient, sync_id: str, district: str
):
    link = office.link(sync_id)
    form = hidden_fields(stranger.get(link).text)
    with office.database.transaction() as tx:
        districts.set_administrators(tx, district, ["successor@example.org"])

    assert stranger.post(link, data=form).status_code == 403


@pytest.mark.parametrize("path", ["/", "/syncs/X", "/syncs/X/records", "/syncs/X/changes.csv"])
def test_who_did_not_come_in_is_told_how_to(stranger: TestClient, path: str):
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert "Send me a link" in answer.text


def test_an_administrator_who_was_taken_off_the_list_is_out_at_once(
    office: Office, comes_in: ComesIn, sync_id: str, district: str
):
    visit = comes_in(sync_id)

    with office.database.transaction() as tx:
        districts.set_administrators(tx, district, ["successor@example.org"])

    assert visit.reads().status_code == 401


@pytest.mark.parametrize("page", ["", "/records", "/changes.csv"])
def test_a_foreign_sync_looks_like_one_that_is_not_there(
    office: Office, comes_in: ComesIn, sync_id: str, page: str
):
    foreign = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))
    visit = comes_in(sync_id)

    theirs = visit.client.get(f"/syncs/{foreign}{page}")
    nobodys = visit.client.get(f"/syncs/{NOBODYS}{page}")

    assert theirs.status_code == nobodys.status_code == 404
    assert _without_tokens(theirs.text) == _without_tokens(nobodys.text)


def _without_tokens(page: str) -> str:
    return page.replace(hidden_fields(page, "/logout")["csrf"], "").replace(
        page.partition('hreflang="es"')[0].rpartition('href="')[2], ""
    )


def test_home_leads_to_the_own_district(office: Office, comes_in: ComesIn, sync_id: str):
    foreign = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))

    home = comes_in(sync_id).client.get("/").text

    assert sync_id in home
    assert foreign not in home


def test_who_has_several_districts_chooses_one_and_sees_all_of_them(
    office: Office, comes_in: ComesIn, sync_id: str, district: str
):
    hilltop = office.opens_district("Hilltop")
    theirs = office.starts_sync(hilltop)
    visit = comes_in(sync_id)

    home = visit.client.get("/").text

    assert f"/districts/{district}" in home
    assert f"/districts/{hilltop}" in home
    assert visit.client.get(f"/districts/{hilltop}").status_code == 200
    assert visit.client.get(f"/syncs/{theirs}").status_code == 200


def test_support_sees_every_district_and_decides_nothing(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.has_staff("help@company.example", Role.SUPPORT)
    visit = comes_in(sync_id, "help@company.example")

    assert visit.reads().status_code == 200
    assert "What you can do" not in visit.reads().text


def test_an_address_of_staff_comes_in_as_staff_even_where_a_district_names_it(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.has_staff(ADMINISTRATOR, Role.SUPPORT)
    office.opens_district("Hilltop", "other@example.org")

    assert "Hilltop" in comes_in(sync_id).client.get("/operations/districts").text


def test_a_disabled_account_is_out_at_once_and_its_links_open_nothing(
    office: Office, comes_in: ComesIn, stranger: TestClient, sync_id: str
):
    office.has_staff("help@company.example", Role.OPERATOR)
    visit = comes_in(sync_id, "help@company.example")
    link = office.link(sync_id, "help@company.example")
    form = hidden_fields(stranger.get(link).text)

    with office.database.transaction() as tx:
        assert accounts.disable(tx, "Help@Company.example") == 1

    assert visit.reads().status_code == 401
    assert stranger.post(link, data=form).status_code == 403


def test_of_two_at_the_same_time_one_uses_a_link(database):
    with database.transaction() as tx:
        token = login_links.issue(tx, ADMINISTRATOR, "/", tx.now)
    with database.transaction() as tx:
        first = login_links.use(tx, token, tx.now)
    with database.transaction() as tx:
        second = login_links.use(tx, token, tx.now)

    assert first is not None
    assert second is None
