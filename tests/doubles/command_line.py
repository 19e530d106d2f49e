"""The command line as a person uses it, in a folder of its own."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from rosterhold.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def is_one_line_error(self) -> bool:
        lines = self.err.strip().splitlines()
        return (
            self.code == 2 and self.out == "" and len(lines) == 1 and lines[0].startswith("error: ")
        )


class CommandLine:
    """Types commands and reads what they say."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        code = main(words)
        captured = self._capsys.readouterr()
        return Said(code, captured.out, captured.err)


@contextmanager
def logging_kept() -> Iterator[None]:
    """Commands send the logs of the whole process somewhere; afterwards all is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)
