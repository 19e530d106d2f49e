"""Logging in with Clever, against the stand-in on a real port."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from rosterhold.adapters.clever.login import CleverLogin
from rosterhold.adapters.database import accounts, districts, views
from rosterhold.simulator.district import District
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.web.app import create_app
from tests.offices import Office, removal, students


@pytest.fixture(scope="module")
def town() -> District:
    return generate_district(3, 400, as_of=datetime.now(UTC))


@pytest.fixture(scope="module")
def clever(town: District) -> Iterator[SimulatorServer]:
    with SimulatorServer(World([town])) as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_special(clever: SimulatorServer) -> Iterator[None]:
    yield
    clever.world.logins.claims.clear()
    clever.world.logins.foreign_key = False


@pytest.fixture
def client(office: Office, clever: SimulatorServer) -> TestClient:
    login = CleverLogin(clever.url, "demo-client", "demo-secret", clever.url)
    return TestClient(create_app(office.site(clever_login=login)), raise_server_exceptions=False)


@pytest.fixture
def home(office: Office, town: District) -> str:
    """The district of the stand-in, with an administrator of another address."""
    with office.database.transaction() as tx:
        return districts.add(tx, clever_id=town.id, name=town.name, emails=["somebody@example.org"])


def somebody(town: District, role: str = "district_admin") -> str:
    return town.relations.roles[role][0]


def goes_to_clever(client: TestClient, wanted: str = "/") -> str:
    answer = client.get("/login/clever", params={"next": wanted}, follow_redirects=False)
    assert answer.status_code == 303
    address: str = answer.headers["location"]
    return address


def chooses(address: str, user: str) -> str:
    """The address that Clever sends the browser back to."""
    answer = httpx.get(f"{address}&user={user}")
    assert answer.status_code == 302
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def logs_in(client: TestClient, user: str, wanted: str = "/"):
    return client.get(chooses(goes_to_clever(client, wanted), user), follow_redirects=False)


def is_in(client: TestClient) -> bool:
    return client.get("/").status_code == 200


def test_the_login_page_offers_it(client: TestClient):
    assert "Log in with Clever" in client.get("/login").text


def test_where_it_is_off_it_is_not_offered(office: Office):
    client = TestClient(office.app())

    assert "Log in with Clever" not in client.get("/login").text
    assert client.get("/login/clever").status_code == 404


def test_a_district_administrator_in_clever_comes_in_to_the_page_that_was_wanted(
    client: TestClient, town: District, home: str
):
    answer = logs_in(client, somebody(town), f"/districts/{home}/syncs")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/districts/{home}/syncs"
    assert client.get("/").url.path == f"/districts/{home}"


def test_clever_shows_administrators_and_others_to_choose(client: TestClient):
    page = httpx.get(goes_to_clever(client)).text

    assert "district_admin" in page
    assert "teacher" in page


def test_a_decision_is_kept_with_clever_as_the_login(
    client: TestClient, office: Office, town: District, home: str
):
    sync_id = office.starts_sync(home)
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    logs_in(client, somebody(town))
    page = client.get(f"/syncs/{sync_id}").text
    token = page.partition('name="csrf" value="')[2].partition('"')[0]

    client.post(f"/syncs/{sync_id}/decisions", data={"csrf": token, "action": "check_again"})

    with office.database.reading() as conn:
        (made,) = views.decision_views(conn, sync_id)
        (account,) = accounts.every(conn)
    assert made.login == "Clever"
    assert (made.who, account.clever_id) == (account.email, somebody(town))


def test_another_district_is_not_seen(
    client: TestClient, office: Office, town: District, home: str
):
    foreign = office.opens_district("Hilltop")
    logs_in(client, somebody(town))

    assert client.get(f"/districts/{foreign}").status_code == 404


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_nobody_else_in_clever_comes_in(client: TestClient, town: District, home: str, role: str):
    answer = logs_in(client, somebody(town, role))

    assert answer.status_code == 403
    assert "not an administrator" in answer.text
    assert not is_in(client)


def test_an_administrator_of_a_district_that_is_not_here_does_not_come_in(
    client: TestClient, town: District, office: Office
):
    office.opens_district("Hilltop")

    assert logs_in(client, somebody(town)).status_code == 403
    assert not is_in(client)


def test_a_disabled_account_does_not_come_in(
    client: TestClient, office: Office, town: District, home: str
):
    logs_in(client, somebody(town))
    with office.database.transaction() as tx:
        (account,) = accounts.every(tx.conn)
        accounts.disable(tx, account.email)

    assert not is_in(client)
    assert logs_in(client, somebody(town)).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": ""},
        {"aud": "another-app"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"sub": "0" * 24},
    ],
)
def test_a_token_that_proves_something_else_lets_nobody_in(
    client: TestClient,
    clever: SimulatorServer,
    town: District,
    home: str,
    claims: dict[str, object],
):
    clever.world.logins.claims |= claims

    assert logs_in(client, somebody(town)).status_code == 403
    assert not is_in(client)


def test_a_token_of_another_key_lets_nobody_in(
    client: TestClient, clever: SimulatorServer, town: District, home: str
):
    clever.world.logins.foreign_key = True

    assert logs_in(client, somebody(town)).status_code == 403
    assert not is_in(client)


def test_an_answer_to_another_attempt_lets_nobody_in(
    client: TestClient, office: Office, town: District, home: str
):
    """Nobody is logged in as somebody else by an address that they are sent."""
    attacker = TestClient(client.app)
    back = chooses(goes_to_clever(attacker), somebody(town))

    assert client.get(back).status_code == 403
    goes_to_clever(client)
    assert client.get(back).status_code == 403
    assert not is_in(client)


def test_an_answer_without_state_begins_an_attempt_of_our_own(client: TestClient, home: str):
    answer = client.get("/login/clever/callback?code=x", follow_redirects=False)

    assert answer.headers["location"] == "/login/clever"


def test_a_code_works_once(client: TestClient, town: District, home: str):
    address = goes_to_clever(client)
    back = chooses(address, somebody(town))
    assert client.get(back, follow_redirects=False).status_code == 303

    assert client.get(back).status_code == 403


def test_a_code_of_another_attempt_fails_its_proof_key(
    client: TestClient, town: District, home: str
):
    stolen = parse_qs(urlsplit(chooses(goes_to_clever(client), somebody(town))).query)["code"][0]
    state = parse_qs(urlsplit(goes_to_clever(client)).query)["state"][0]

    answer = client.get("/login/clever/callback", params={"code": stolen, "state": state})

    assert answer.status_code == 403


def test_a_clever_that_is_away_is_said_and_the_link_is_still_offered(office: Office):
    login = CleverLogin("http://127.0.0.1:9", "demo-client", "demo-secret", "http://127.0.0.1:9")
    client = TestClient(create_app(office.site(clever_login=login)))

    answer = client.get("/login/clever")

    assert answer.status_code == 403
    assert "Send me a link" in answer.text


def test_a_refusal_at_clever_leads_back_to_the_login_page(client: TestClient):
    goes_to_clever(client)

    assert client.get("/login/clever/callback?error=access_denied&state=x").status_code == 403
