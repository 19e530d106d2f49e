"""Districts find themselves: against a stand-in Clever on a real port, on both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from rosterhold.adapters.clever.errors import CleverError
from rosterhold.adapters.clever.rate import MemoryRateGate
from rosterhold.adapters.database import discovery, districts
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.workers.discover import discover, discover_when_due, run_discovery

NOON = datetime(2026, 9, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def port():
    with SimulatorServer(World([])) as server:
        yield server


@pytest.fixture
def clever(port):
    """Two districts that granted the app."""
    world = port.world
    world.districts.clear()
    for number in (1, 2):
        district = generate_district(number, 40)
        world.districts[district.id] = district
    world.heal()
    world.requests.clear()
    return world


@pytest.fixture
def services(clever, port, database):
    settings = Settings(clever_api_url=port.api_url, clever_oauth_url=port.oauth_url)
    return Services(settings, database=database, rate_gate=MemoryRateGate())


def waiting(services):
    with services.database.reading() as conn:
        return {row.clever_id: row for row in discovery.waiting(conn)}


def add(services, clever_id):
    with services.database.transaction() as tx:
        return districts.add(tx, clever_id=clever_id, name="Anytown", emails=[])


def disconnected_since(services, clever_id):
    with services.database.reading() as conn:
        return districts.find(conn, clever_id).disconnected_since


def readings(clever):
    return clever.requests.by_path["/oauth/tokens"]


def test_unknown_districts_wait_for_set_up_with_name_contact_and_size(services, clever):
    noted = discover(services)
    assert set(noted.new) == clever.districts.keys()
    for clever_id, row in waiting(services).items():
        district = clever.districts[clever_id]
        contact = district.info["district_contact"]
        assert row.name == district.name
        assert row.contact_email == contact["email"]
        assert row.contact_name == f"{contact['name']['first']} {contact['name']['last']}"
        counts = district.counts()
        assert (row.schools, row.students) == (counts["schools"], counts["student"])


def test_what_is_known_is_not_new_and_not_asked_about_again(services, clever):
    discover(services)
    clever.requests.clear()
    assert discover(services).new == ()
    assert set(clever.requests.by_path) == {"/oauth/tokens"}
    assert len(waiting(services)) == 2


def test_a_district_that_is_set_up_waits_no_longer(services, clever):
    first, second = sorted(clever.districts)
    discover(services)
    add(services, first)
    assert set(waiting(services)) == {second}
    assert discover(services).new == ()


def test_a_grant_that_is_taken_back_is_seen_and_seen_again_when_it_is_given(services, clever):
    known, _ = sorted(clever.districts)
    add(services, known)
    discover(services)
    clever.change("revoke", known)
    assert discover(services).lost == (known,)
    since = disconnected_since(services, known)
    assert since is not None
    assert discover(services).lost == ()
    assert disconnected_since(services, known) == since
    clever.change("connect", known)
    assert discover(services).back == (known,)
    assert disconnected_since(services, known) is None


def test_a_waiting_district_that_takes_its_grant_back_waits_no_longer(services, clever):
    first, second = sorted(clever.districts)
    discover(services)
    clever.change("revoke", first)
    discover(services)
    assert set(waiting(services)) == {second}


def test_a_district_whose_lists_are_not_granted_waits_without_a_size(services, clever):
    first, _ = sorted(clever.districts)
    clever.change("disconnect", first, way="scopes")
    discover(services)
    row = waiting(services)[first]
    assert (row.name, row.schools) == (clever.districts[first].name, None)


def test_clever_is_read_once_an_hour_by_any_number_of_schedulers(services, clever):
    both = threading.Barrier(2)
    noted = []

    def schedules():
        both.wait()
        noted.append(discover_when_due(services, NOON))

    threads = [threading.Thread(target=schedules) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in noted) == [False, True]
    assert readings(clever) == 1
    assert discover_when_due(services, NOON + timedelta(minutes=29)) is None
    assert discover_when_due(services, NOON + timedelta(minutes=30)) is not None


def test_while_clever_refuses_nothing_is_lost_and_the_scheduler_says_so(services, clever):
    known, other = sorted(clever.districts)
    add(services, known)
    discover(services)
    clever.client_secret, kept = "another", clever.client_secret
    try:
        with pytest.raises(CleverError):
            discover(services)
        stop = threading.Event()
        stop.wait = lambda _s: stop.set()
        with capture_logs() as logs:
            run_discovery(services, stop)
    finally:
        clever.client_secret = kept
    assert [line["why"] for line in logs if line["log_level"] == "warning"] == [
        "credentials_refused"
    ]
    assert set(waiting(services)) == {other}
    assert disconnected_since(services, known) is None
