"""Asking for a link, staying in, and going out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.database import login_links, views
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.login_links import MOST_A_PLACE, MOST_AN_ADDRESS, SPAN
from rosterhold.adapters.database.sessions import IDLE, LONGEST
from rosterhold.adapters.mail import MailUnavailableError
from rosterhold.web.security import SESSION
from tests.offices import ADMINISTRATOR, Office, hidden_fields, removal, students

ComesIn = Callable[..., object]


@pytest.fixture
def stranger(office: Office) -> TestClient:
    return TestClient(office.app(), raise_server_exceptions=False)


def asks(client: TestClient, email: str, **fields: str):
    form = hidden_fields(client.get("/login").text)
    return client.post("/login/mail", data={**form, "email": email, **fields})


def test_a_link_is_mailed_and_lets_in(office: Office, stranger: TestClient, district: str):
    answer = asks(stranger, f" {ADMINISTRATOR.title()} ")
    assert "Look into your mail" in answer.text
    assert office.mailer.sent[0]["To"] == ADMINISTRATOR

    link = office.mailer.link()
    stranger.post(link, data=hidden_fields(stranger.get(link).text))

    assert stranger.get("/").url.path == f"/districts/{district}"


def test_an_address_that_nobody_has_gets_the_same_answer_and_no_mail(
    office: Office, stranger: TestClient, district: str
):
    known = asks(stranger, ADMINISTRATOR)
    unknown = asks(stranger, "nobody1@example.org")

    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(ADMINISTRATOR, "") == unknown.text.replace("nobody1@example.org", "")
    assert [mail["To"] for mail in office.mailer.sent] == [ADMINISTRATOR]


def test_staff_get_links_too(office: Office, stranger: TestClient):
    office.has_staff("Operator@company.example", Role.OPERATOR)

    asks(stranger, "operator@company.example")

    assert office.mailer.sent[0]["To"] == "operator@company.example"


@pytest.mark.parametrize("email", [ADMINISTRATOR, "nobody@example.org"])
def test_an_address_gets_so_many_links_in_a_while(
    office: Office, stranger: TestClient, district: str, email: str
):
    for _ in range(MOST_AN_ADDRESS):
        assert asks(stranger, email).status_code == 200
    mailed = len(office.mailer.sent)

    refused = asks(stranger, email)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "900"
    assert len(office.mailer.sent) == mailed
    office.time_passes(SPAN)
    assert asks(stranger, email).status_code == 200


def test_from_one_place_so_many_links_are_asked_for_in_a_while(stranger: TestClient):
    for number in range(MOST_A_PLACE):
        assert asks(stranger, f"nobody{number}@example.org").status_code == 200

    assert asks(stranger, "another@example.org").status_code == 429


def test_links_are_counted_once_by_all_processes(database):
    with database.transaction() as tx:
        now = tx.now
    answers = []
    for _ in range(MOST_AN_ADDRESS + 1):
        with database.transaction() as tx:
            answers.append(login_links.may_ask(tx, ADMINISTRATOR, "2001:db8::1", now))

    assert answers == [True] * MOST_AN_ADDRESS + [False]


def test_a_network_of_ipv6_is_one_place(database):
    with database.transaction() as tx:
        for number in range(MOST_A_PLACE):
            login_links.may_ask(tx, f"{number}@example.org", f"2001:db8::{number}", tx.now)

        assert not login_links.may_ask(tx, "x@example.org", "2001:db8::ffff", tx.now)
        assert login_links.may_ask(tx, "x@example.org", "2001:db8:0:1::1", tx.now)


@pytest.mark.parametrize("email", ["", "office", "a@b, c@d", "x" * 250 + "@example.org"])
def test_what_is_no_address_is_said(stranger: TestClient, email: str):
    answer = asks(stranger, email)

    assert answer.status_code == 400
    assert "whole mail address" in answer.text


def test_a_mail_server_that_is_away_changes_no_answer(
    office: Office, stranger: TestClient, district: str
):
    def is_away(_: object) -> None:
        raise MailUnavailableError("no route")

    office.mailer.send = is_away

    assert asks(stranger, ADMINISTRATOR).status_code == 200


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_link_is_asked_for_from_the_own_page_alone(
    office: Office, stranger: TestClient, district: str, token: str | None
):
    form = {"email": ADMINISTRATOR} | ({} if token is None else {"csrf": token})

    assert stranger.post("/login/mail", data=form).status_code == 403
    assert office.mailer.sent == []


def test_the_link_in_a_mail_opens_nothing_and_sends_a_fresh_link_to_the_page(
    office: Office, stranger: TestClient, sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    page = stranger.get(office.link_of_the_mail(sync_id))
    assert page.status_code == 401
    assert "of…@example.org" in page.text
    assert ADMINISTRATOR not in page.text

    sent = stranger.post("/login/mail", data=hidden_fields(page.text))
    assert ADMINISTRATOR not in sent.text
    link = office.mailer.link()
    answer = stranger.post(link, data=hidden_fields(stranger.get(link).text))

    assert answer.url.path == f"/syncs/{sync_id}"
    assert "Nothing was changed" in answer.text


def test_the_link_in_a_mail_opens_the_report_for_who_is_in(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)

    assert comes_in(sync_id).client.get(office.link_of_the_mail(sync_id)).status_code == 200


@pytest.mark.parametrize("wanted", ["/syncs/X?q=a", "//evil.example", "/\\evil.example"])
def test_after_logging_in_nobody_is_led_to_another_site(
    office: Office, stranger: TestClient, district: str, wanted: str
):
    asks(stranger, ADMINISTRATOR, next=wanted)
    link = office.mailer.link()
    form = hidden_fields(stranger.get(link).text)

    answer = stranger.post(link, data=form, follow_redirects=False)

    assert answer.headers["location"] == ("/syncs/X?q=a" if wanted.startswith("/syncs") else "/")


def test_the_session_ends_two_hours_after_the_last_page(
    office: Office, comes_in: ComesIn, sync_id: str
):
    visit = comes_in(sync_id)
    for _ in range(3):
        office.time_passes(IDLE - timedelta(minutes=1))
        assert visit.reads().status_code == 200

    office.time_passes(IDLE + timedelta(seconds=1))

    ended = visit.reads()
    assert ended.status_code == 401
    assert "Your visit has ended" in ended.text


def test_the_session_ends_after_twelve_hours_however_much_is_read(
    office: Office, comes_in: ComesIn, sync_id: str
):
    visit = comes_in(sync_id)
    for _ in range(11):
        office.time_passes(timedelta(hours=1))
        assert visit.reads().status_code == 200

    office.time_passes(LONGEST - timedelta(hours=11))

    assert visit.reads().status_code == 401


def test_the_session_is_a_random_token_that_changes_at_each_login(
    office: Office, stranger: TestClient, sync_id: str
):
    office.has_staff("operator@company.example", Role.OPERATOR)
    office.lets_in(stranger, f"/syncs/{sync_id}")
    first = stranger.cookies[SESSION]
    office.lets_in(stranger, f"/syncs/{sync_id}", "operator@company.example")
    second = stranger.cookies[SESSION]

    with office.database.reading() as conn:
        kept = str(conn.exec_driver_sql("SELECT * FROM sessions").all())
    assert first != second
    assert second not in kept
    old = TestClient(office.app(), cookies={SESSION: first})
    assert old.get("/").status_code == 401


def test_a_token_from_elsewhere_becomes_no_session(
    office: Office, stranger: TestClient, sync_id: str
):
    stranger.cookies.set(SESSION, "planted", domain="testserver.local", path="/")

    office.lets_in(stranger, f"/syncs/{sync_id}")

    assert "planted" not in {cookie.value for cookie in stranger.cookies.jar}


def test_who_logs_out_is_out(office: Office, comes_in: ComesIn, sync_id: str):
    visit = comes_in(sync_id)
    token = visit.client.cookies[SESSION]

    answer = visit.client.post("/logout", data=hidden_fields(visit.reads().text, "/logout"))

    assert "You are logged out" in answer.text
    assert SESSION not in visit.client.cookies
    assert TestClient(office.app(), cookies={SESSION: token}).get("/").status_code == 401


def test_logging_out_everywhere_ends_every_session_and_open_link(
    office: Office, comes_in: ComesIn, sync_id: str
):
    here, there = comes_in(sync_id), comes_in(sync_id)
    link = office.link(sync_id)
    page = here.client.get("/account").text
    assert page.count("a link in a mail") == 2

    form = hidden_fields(page.partition("<main")[2], "/logout")
    assert form["everywhere"]
    here.client.post("/logout", data=form)

    assert there.reads().status_code == 401
    assert there.client.get(link).status_code == 403


@pytest.mark.parametrize("token", [None, "forged"])
def test_nobody_is_logged_out_by_another_site(comes_in: ComesIn, sync_id: str, token: str | None):
    visit = comes_in(sync_id)

    answer = visit.client.post("/logout", data={} if token is None else {"csrf": token})

    assert answer.status_code == 403
    assert visit.reads().status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_that_a_browser_says_is_another_sites_is_refused(
    comes_in: ComesIn, sync_id: str, site: str
):
    visit = comes_in(sync_id)
    form = hidden_fields(visit.reads().text, "/logout")

    answer = visit.client.post("/logout", data=form, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403


def test_who_is_in_needs_no_login_page(comes_in: ComesIn, sync_id: str):
    answer = comes_in(sync_id).client.get("/login", params={"next": f"/syncs/{sync_id}"})

    assert answer.url.path == f"/syncs/{sync_id}"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    office: Office, stranger: TestClient, sync_id: str
):
    cookie = _cookie(office, stranger, sync_id)

    assert cookie.startswith("rosterhold_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("url", "prefix", "path"),
    [
        ("https://roster.example.org", "__Host-", "Path=/;"),
        ("https://example.org/roster", "__Secure-", "Path=/roster;"),
    ],
)
def test_with_tls_the_browser_keeps_the_cookie_to_this_site(
    office: Office, sync_id: str, url: str, prefix: str, path: str
):
    office.public_url = url

    cookie = _cookie(office, TestClient(office.app(), base_url="https://example.org"), sync_id)

    assert cookie.startswith(f"{prefix}rosterhold_session=")
    assert "Secure" in cookie
    assert path in cookie


def _cookie(office: Office, client: TestClient, sync_id: str) -> str:
    path = "/enter/" + office.link(sync_id).rpartition("/")[2]
    page = client.get(path)
    # Behind a proxy that takes the base path away the cookies come back by the browser.
    browser = page.headers["set-cookie"].partition(";")[0]
    answer = client.post(
        path,
        data=hidden_fields(page.text),
        headers={"Cookie": browser},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    cookie: str = answer.headers["set-cookie"]
    return cookie


def test_with_tls_browsers_are_told_to_keep_to_it(office: Office):
    office.public_url = "https://roster.example.org"

    answer = TestClient(office.app()).get("/healthz")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_decision_is_kept_with_the_login_that_it_was_made_by(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)

    assert comes_in(sync_id).answers("check_again").status_code == 303

    with office.database.reading() as conn:
        (made,) = views.decision_views(conn, sync_id)
    assert (made.who, made.from_where, made.login) == (ADMINISTRATOR, "testclient", "mail link")


def test_support_cannot_decide_by_a_form_either(office: Office, comes_in: ComesIn, sync_id: str):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    office.has_staff("help@company.example", Role.SUPPORT)
    form = comes_in(sync_id).form("check_again")
    visit = comes_in(sync_id, "help@company.example")
    own = hidden_fields(visit.reads().text, "/logout")["csrf"]

    answer = visit.sends({**form, "csrf": own})

    assert answer.status_code == 403
    with office.database.reading() as conn:
        assert views.decision_views(conn, sync_id) == []


def test_an_operator_decides_for_any_district(office: Office, comes_in: ComesIn, sync_id: str):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    office.has_staff("operator@company.example", Role.OPERATOR)

    assert comes_in(sync_id, "operator@company.example").answers("check_again").status_code == 303
