"""A command line in a folder of its own, with no setting of the machine."""

import os
from collections.abc import Iterator

import pytest
from doubles.command_line import CommandLine, logging_kept


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
def ready(rosterhold):
    """A command line with a database and one district."""
    assert rosterhold("init").code == 0
    said = rosterhold(
        "district", "add", "--clever-id", "c1", "--name", "Demo", "--admin", "office@example.org"
    )
    assert said.code == 0
    return rosterhold
