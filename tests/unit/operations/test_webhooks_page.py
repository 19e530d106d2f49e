"""The page of webhooks: support sees it, operators send again and switch."""

import re

import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.database import webhooks
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.webhooks import DeliveryStatus
from rosterhold.statemachine.announcements import Announcement
from tests.offices import Office


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def endpoint(office):
    """One that did not take the only event."""
    district = office.opens_district("Prairie Unified")
    with office.database.transaction() as tx:
        endpoint_id = webhooks.add_endpoint(
            tx,
            url="https://app.example.org/hooks",
            events=tuple(Announcement),
            district_id=None,
            sealed_secret="sealed",
        )
        webhooks.announce(tx, Announcement.SYNC_HELD, district_id=district, sync_id="01SYNC")
    with office.database.transaction() as tx:
        webhooks.tried(tx, delivery(office), DeliveryStatus.FAILED, answer=500, error="it said 500")
    return endpoint_id


def delivery(office):
    with office.database.reading() as conn:
        [only] = webhooks.log_of(conn)
    return only


def comes_in(office, role):
    client = TestClient(office.app(), raise_server_exceptions=False)
    office.has_staff(f"{role.value}@example.org", role)
    office.lets_in(client, "/", f"{role.value}@example.org")
    return client


def presses(client, words):
    """The button with these words."""
    page = client.get("/operations/webhooks").text
    for form in re.findall(r"<form method=\"post\".*?</form>", page, re.DOTALL):
        if f">{words}</button>" in form:
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            address = re.findall(r'action="([^"]+)"', form)[0]
            return client.post(address, data=fields, follow_redirects=False)
    raise AssertionError(f"there is no button {words}")


def test_the_page_says_what_was_not_taken_and_why(office, endpoint):
    page = comes_in(office, Role.SUPPORT).get("/operations/webhooks").text
    assert "https://app.example.org/hooks" in page
    assert "it said 500" in page
    assert 'method="post" action="/operations' not in page


def test_an_operator_sends_again(office, endpoint):
    assert presses(comes_in(office, Role.OPERATOR), "Send again").status_code == 303
    assert delivery(office).status == "waiting"
    assert [written.work for written in office.doorbell.rung] == ["webhook"]


def test_an_operator_switches_off_and_on_again(office, endpoint):
    operator = comes_in(office, Role.OPERATOR)
    assert presses(operator, "Switch off").status_code == 303
    assert "switched off</span>" in operator.get("/operations/webhooks").text
    assert presses(operator, "Switch on").status_code == 303
    assert "switched off</span>" not in operator.get("/operations/webhooks").text


@pytest.mark.parametrize("place", ["endpoints/", ""])
def test_support_and_forms_of_others_change_nothing(office, endpoint, place):
    name = endpoint if place else delivery(office).id
    address = f"/operations/webhooks/{place}{name}"
    fields = {"csrf": "forged", "switch": "off"}
    for role in (Role.SUPPORT, Role.OPERATOR):
        assert comes_in(office, role).post(address, data=fields).status_code == 403
    assert delivery(office).status == "failed"


def test_the_list_shows_one_status(office, endpoint):
    operator = comes_in(office, Role.OPERATOR)
    assert "it said 500" not in operator.get("/operations/webhooks?status=delivered").text
    assert "it said 500" in operator.get("/operations/webhooks?status=failed&before=x").text
