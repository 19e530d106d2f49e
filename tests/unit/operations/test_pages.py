"""The operations pages, as support and operators see them."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from doubles.crowd import Crowd
from starlette.testclient import TestClient

from rosterhold.adapters.database import discovery, operator_actions
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.tables import outbox
from rosterhold.web.kept import Kept
from tests.offices import Office

PAGES = ("", "/districts", "/queues", "/work", "/mails", "/webhooks")


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def crowd(office):
    return Crowd(office.database)


def comes_in(office, role):
    client = TestClient(office.app(), raise_server_exceptions=False)
    email = f"{role.value}@example.org"
    if role is Role.DISTRICT_ADMIN:
        office.opens_district("Their Own", email)
    else:
        office.has_staff(email, role)
    office.lets_in(client, "/", email)
    return client


@pytest.fixture
def operator(office):
    return comes_in(office, Role.OPERATOR)


@pytest.fixture
def support(office):
    return comes_in(office, Role.SUPPORT)


def time_passes(client):
    """So much that the answers which are kept have become too old."""
    client.app.state.site = replace(client.app.state.site, kept=Kept())


def form_on(page, action):
    for form in re.findall(r"<form method=\"post\".*?</form>", page, re.DOTALL):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        if fields.get("action") == action:
            return fields
    return None


def row(office, work_id):
    with office.database.reading() as conn:
        return conn.execute(sa.select(outbox).where(outbox.c.id == work_id)).one()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATOR])
def test_staff_see_every_page_of_an_empty_and_of_a_full_installation(office, crowd, page, role):
    client = comes_in(office, role)
    assert client.get(f"/operations{page}").status_code == 200
    crowd.in_all_states()
    crowd.work("In failed", "email", failures=3)
    crowd.work("In failed", "fetch", leased=True, of_sync=True)
    crowd.mail("In failed", "retrying", error="421 try later")
    assert comes_in(office, role).get(f"/operations{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_of_a_district_finds_no_such_page(office, page):
    assert comes_in(office, Role.DISTRICT_ADMIN).get(f"/operations{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_them_who_has_not_come_in(office, page):
    answer = TestClient(office.app()).get(f"/operations{page}", follow_redirects=False)
    assert answer.status_code in {303, 401}


def test_the_overview_says_what_is_wrong(operator, crowd):
    crowd.district("Anytown", "on_hold.disconnected")
    time_passes(operator)
    text = operator.get("/operations").text
    assert "No worker is alive" in text
    assert "One district is on hold because Clever does not answer" in text


def test_an_address_keeps_its_filters_over_the_pages(operator, crowd):
    for number in range(60):
        crowd.district(f"Lake {number}", "on_hold.data_removals", students=number)
    text = operator.get("/operations/districts?show=held&sort=age&q=lake").text
    assert "60 districts" in text
    assert "?show=held&amp;sort=age&amp;q=lake&amp;page=2" in text
    second = operator.get("/operations/districts?show=held&sort=age&q=lake&page=2").text
    assert second.count("<tr>") == 1 + 10


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=999999", "page=-1"])
def test_a_page_that_cannot_be_is_not_found(operator, query):
    assert operator.get(f"/operations/districts?{query}").status_code == 404


def test_a_filter_that_is_not_known_shows_everything(operator, crowd):
    crowd.district("Anytown", "completed")
    assert "Anytown" in operator.get("/operations/districts?show=x&sort=x").text


def test_a_name_of_a_district_is_no_markup(operator, crowd):
    crowd.district("<b>Anytown</b>", "completed")
    assert "<b>Anytown" not in operator.get("/operations/districts").text


def test_a_district_that_clever_holds_says_so(office, operator, crowd):
    office.clever_pauses(crowd.district("Anytown", "completed"), "2099-08-15")
    text = operator.get("/operations/districts").text
    assert "Clever has paused your data until Aug 15, 2099." in text


def test_a_page_asks_as_often_however_many_districts_there_are(office, operator, crowd):
    asked = []
    sa.event.listen(
        office.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )

    def questions(page):
        time_passes(operator)
        asked.clear()
        assert operator.get(f"/operations{page}").status_code == 200
        return len([one for one in asked if one.lstrip().upper().startswith("SELECT")])

    crowd.many(10, seed=1)
    few = {page: questions(page) for page in PAGES}
    crowd.many(1_990, seed=2)
    assert {page: questions(page) for page in PAGES} == few
    assert max(few.values()) <= 20


def test_an_operator_retries_work_and_it_is_rung_for(office, operator, crowd):
    crowd.district("Anytown", "running.fetching")
    work_id = crowd.work("Anytown", "email", failures=3, given_up=True)
    fields = form_on(operator.get("/operations/work?stands=troubled").text, "retry")
    answer = operator.post(f"/operations/work/{work_id}", data=fields, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/operations/work?stands=troubled"
    assert row(office, work_id).given_up_at is None
    assert office.doorbell.rung[-1].work_id == work_id
    assert "operator@example.org (web) retried email" in operator.get("/operations/work").text


def test_an_operator_gives_work_up_with_a_reason(office, operator, crowd):
    crowd.district("Anytown", "running.fetching")
    work_id = crowd.work("Anytown", "fetch", of_sync=True)
    fields = form_on(operator.get("/operations/work").text, "give_up")
    without = operator.post(f"/operations/work/{work_id}", data=fields)
    assert without.status_code == 400
    done = operator.post(f"/operations/work/{work_id}", data={**fields, "reason": "a test"})
    assert done.status_code == 200
    with office.database.reading() as conn:
        [action] = operator_actions.latest(conn)
    assert (action.action, action.reason, action.who) == (
        "give_up",
        "a test",
        "operator@example.org",
    )


def test_support_sees_no_button_and_may_do_nothing(office, operator, support, crowd):
    crowd.district("Anytown", "running.fetching")
    work_id = crowd.work("Anytown", "email", failures=3)
    fields = form_on(operator.get("/operations/work").text, "retry")
    assert form_on(support.get("/operations/work").text, "retry") is None
    answer = support.post(f"/operations/work/{work_id}", data=fields)
    assert answer.status_code == 403
    assert row(office, work_id).failures == 3
    with office.database.reading() as conn:
        assert operator_actions.latest(conn) == []


def test_a_form_of_nobodys_session_is_refused(office, operator, crowd):
    crowd.district("Anytown", "running.fetching")
    work_id = crowd.work("Anytown", "email", failures=3)
    answer = operator.post(f"/operations/work/{work_id}", data={"action": "retry", "csrf": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize(("action", "status"), [("nonsense", 400), ("retry", 409)])
def test_what_cannot_be_done_changes_nothing(operator, crowd, action, status):
    crowd.district("Anytown", "running.fetching")
    crowd.work("Anytown", "email", failures=3)
    fields = form_on(operator.get("/operations/work").text, "retry")
    answer = operator.post("/operations/work/999", data={**fields, "action": action})
    assert answer.status_code == status


def test_a_page_is_live_only_where_nobody_types(operator):
    assert 'hx-trigger="every 5s"' in operator.get("/operations").text
    assert "hx-trigger" not in operator.get("/operations/work").text


def test_districts_that_wait_for_set_up_and_lost_grants_are_shown(office, operator):
    known = office.opens_district("Known", "ada@example.org")
    with office.database.transaction() as tx:
        discovery.note(tx, ["new-1", "new-2"])
        discovery.put(
            tx,
            "new-1",
            name="Newtown <Schools>",
            contact_name="Grace Hopper",
            contact_email="grace@example.org",
            schools=3,
            students=1200,
        )
    page = operator.get("/operations/districts").text
    assert "Waiting for set-up" in page
    for words in ("Newtown &lt;Schools&gt;", "grace@example.org", "1,200", "new-2"):
        assert words in page
    assert known
    assert "grant taken back" in page
