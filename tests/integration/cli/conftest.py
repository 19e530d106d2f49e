"""A command line in a folder of its own, with no setting of the machine."""

import os
from collections.abc import Iterator

import pytest
from doubles.command_line import CommandLine, logging_kept

from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

PEOPLE = 300


@pytest.fixture
def rosterhold(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    for key in os.environ:
        if key.startswith("ROSTERHOLD_"):
            monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)
    with logging_kept():
        yield CommandLine(capsys)


@pytest.fixture
def clever(rosterhold, monkeypatch):
    """A stand-in Clever with one district, which Rosterhold knows."""
    with SimulatorServer(World([generate_district(1, PEOPLE)])) as server:
        monkeypatch.setenv("ROSTERHOLD_CLEVER_API_URL", server.api_url)
        monkeypatch.setenv("ROSTERHOLD_CLEVER_OAUTH_URL", server.oauth_url)
        assert rosterhold("init").code == 0
        added = rosterhold(
            "district", "add", "--clever-id", server.world.district().id,
            "--name", "Demo", "--admin", "office@example.org",
        )  # fmt: skip
        assert added.code == 0
        yield server.world


@pytest.fixture
def district(clever):
    return clever.district().id
