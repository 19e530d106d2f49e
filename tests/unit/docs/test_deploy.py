"""The files of a deployment name what there is."""

import configparser
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from rosterhold.cli.main import app
from rosterhold.config.settings import NAMES, PREFIX

ROOT = Path(__file__).parents[3]
SETTINGS = {PREFIX + name.upper() for name in NAMES}
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))


def parses(words: list[str]) -> None:
    """The command takes these words; it is not run."""
    root = get_command(app)
    with root.make_context("rosterhold", list(words)) as ctx:
        name, command, rest = root.resolve_command(ctx, words)
        command.make_context(name, rest).close()


def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def units() -> list[tuple[str, configparser.RawConfigParser]]:
    found = []
    for path in UNITS:
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(path)
        found.append((path.stem, unit))
    return found


@pytest.mark.parametrize("name", ["init", "web", "worker", "scheduler"])
def test_a_container_runs_a_command_that_there_is(name):
    parses(services()[name]["command"])


def test_containers_get_settings_that_there_are():
    named = set(services()["web"]["environment"])
    assert named <= SETTINGS
    assert {"ROSTERHOLD_DATABASE_URL", "ROSTERHOLD_SECRET_KEYS"} <= named


def test_a_container_is_given_longer_to_stop_than_a_worker_needs():
    assert services()["worker"]["stop_grace_period"] == "40s"
    for _, unit in units():
        assert int(unit["Service"]["TimeoutStopSec"]) == 40


def test_the_image_starts_with_a_command_that_there_is():
    line = next(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("CMD")
    )
    parses(yaml.safe_load(line.removeprefix("CMD")))


def test_a_unit_runs_a_command_that_there_is():
    assert len(units()) == 3
    for name, unit in units():
        program, *words = shlex.split(unit["Service"]["ExecStart"])
        assert program.endswith("/rosterhold")
        parses(words)
        assert f"{name}.service" in (ROOT / "deploy/systemd/rosterhold.target").read_text()
