"""Districts that granted the app at Clever, at the command line."""

import pytest

from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World


@pytest.fixture
def clever(ready, monkeypatch):
    """A stand-in Clever with a district that is not set up."""
    with SimulatorServer(World([generate_district(1, 40)])) as server:
        monkeypatch.setenv("ROSTERHOLD_CLEVER_API_URL", server.api_url)
        monkeypatch.setenv("ROSTERHOLD_CLEVER_OAUTH_URL", server.oauth_url)
        yield server.world


def test_discover_prints_what_is_new_and_add_takes_its_name(ready, clever):
    district = clever.district()
    said = ready("district", "discover")
    assert (said.code, said.err) == (0, "")
    assert district.id in said.out
    assert district.name in said.out
    # The one that is set up never granted this app.
    assert "c1 took the grant back." in said.out
    assert "No district is new." in ready("district", "discover").out
    [row] = ready("district", "waiting", "--json").document
    assert (row["clever_id"], row["schools"]) == (district.id, district.counts()["schools"])

    added = ready("district", "add", "--clever-id", district.id, "--admin", "a@example.org")
    assert added.code == 0
    assert ready("district", "show", district.id, "--json").document["name"] == district.name
    assert ready("district", "waiting").out == "No district waits for set-up.\n"
    again = ready("district", "add", "--clever-id", district.id, "--admin", "a@example.org")
    assert again.is_one_line_error
    assert "is there already" in again.err


def test_a_district_that_nobody_named_needs_a_name(ready):
    said = ready("district", "add", "--clever-id", "c2", "--admin", "a@example.org")
    assert said.is_one_line_error
    assert "say --name" in said.err


def test_discover_says_when_clever_refuses(ready, clever):
    clever.client_secret = "another"
    said = ready("district", "discover", "--json")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: Clever did not say which districts granted the app: ")
