"""The page where somebody ends the reminders."""

import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.database import addresses
from rosterhold.adapters.tickets import Tickets
from tests.offices import ADMINISTRATOR, Office


@pytest.fixture
def district_id(office: Office) -> str:
    return office.opens_district("Prairie & Sons")


@pytest.fixture
def stranger(office: Office) -> TestClient:
    return TestClient(office.app(), raise_server_exceptions=False)


@pytest.fixture
def address(office: Office, district_id: str) -> str:
    return f"/unsubscribe/{office.tickets.to_unsubscribe(district_id, ADMINISTRATOR)}"


def gets_reminders(office: Office, district_id: str) -> bool:
    with office.database.reading() as conn:
        return addresses.load(conn, district_id, ADMINISTRATOR).no_reminders_since is None


def test_looking_at_the_page_changes_nothing(
    office: Office, stranger: TestClient, district_id: str, address: str
):
    answer = stranger.get(address)

    assert answer.status_code == 200
    assert ADMINISTRATOR in answer.text
    assert "Prairie &amp; Sons" in answer.text
    assert "Stop the reminders" in answer.text
    assert gets_reminders(office, district_id)


def test_the_button_ends_the_reminders_and_another_one_brings_them_back(
    office: Office, stranger: TestClient, district_id: str, address: str
):
    ended = stranger.post(address)
    assert ended.status_code == 200
    assert "You get no more reminders" in ended.text
    assert not gets_reminders(office, district_id)

    back = stranger.post(address, data={"action": "subscribe"})
    assert "Stop the reminders" in back.text
    assert gets_reminders(office, district_id)


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
    ],
)
def test_one_click_of_a_mail_program_ends_them(
    office: Office, stranger: TestClient, district_id: str, address: str, form: dict[str, object]
):
    assert stranger.post(address, **form).status_code == 200
    assert not gets_reminders(office, district_id)
    assert stranger.post(address, **form).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("wrong", ["cut", "forged"])
def test_a_token_that_is_cut_or_forged_changes_nothing_and_says_so(
    office: Office, stranger: TestClient, district_id: str, address: str, method: str, wrong: str
):
    forged = Tickets(["another key"]).to_unsubscribe(district_id, ADMINISTRATOR)
    answer = stranger.request(method, address[:-3] if wrong == "cut" else f"/unsubscribe/{forged}")

    assert answer.status_code == 404
    assert "Nothing was changed" in answer.text
    assert gets_reminders(office, district_id)


def test_a_ticket_for_something_else_is_no_token_to_unsubscribe(
    office: Office, stranger: TestClient, district_id: str
):
    token = office.tickets.sign("form", [district_id, ADMINISTRATOR])

    assert stranger.get(f"/unsubscribe/{token}").status_code == 404


def test_the_page_is_in_spanish_too(stranger: TestClient, address: str):
    answer = stranger.get(address, headers={"Accept-Language": "es"})

    assert "Dejar de recibir recordatorios" in answer.text
