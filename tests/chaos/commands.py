"""`rosterhold` commands, each in a process of its own, some of which are killed on their way.

Nearly all that a command costs is importing. A fork server that has imported everything once lets a
storm afford thousands of them; a share is run as the installed program all the same.
"""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rosterhold.cli.main import main

PROGRAM = Path(sys.executable).with_name("rosterhold")
# What the commands of a storm import, late ones too.
PRELOADED = [
    "chaos.commands",
    "psycopg",
    "rosterhold.adapters.queue",
    "rosterhold.cli.district",
    "rosterhold.cli.hold",
    "rosterhold.cli.sync",
    "sqlalchemy.dialects.postgresql.psycopg",
]
SHARE_OF_PROGRAMS = 0.02
LONGEST_S = 120.0
# What the fork server says of a process of which it knows no end.
LOST = 255


@dataclass(frozen=True)
class Said:
    """What a command said; the code of one that was killed is negative."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Commands:
    """Runs commands in an environment.

    Args:
        folder: where they run.
        environment: settings of Rosterhold.
        rng: draws which ones are run as the installed program.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], rng: Random) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._rng = rng
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(PRELOADED)

    def run(self, *words: str, dies_after_s: float | None = None) -> Said:
        """Run one to its end, or kill it after some seconds.

        Raises:
            TimeoutError: it hangs.
        """
        if dies_after_s is None and self._rng.random() < SHARE_OF_PROGRAMS:
            return self._program(words)
        return self._fork(words, dies_after_s)

    def _program(self, words: tuple[str, ...]) -> Said:
        done = subprocess.run(
            [str(PROGRAM), *words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _fork(self, words: tuple[str, ...], dies_after_s: float | None) -> Said:
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            own = Path(name)
            process = self._forks.Process(
                target=_command, args=(words, self._environment, str(self._folder), own)
            )
            process.start()
            if dies_after_s is not None:
                time.sleep(dies_after_s)
                process.kill()
            process.join(LONGEST_S)
            if process.exitcode is None:
                process.kill()
                raise TimeoutError(f"rosterhold {' '.join(words)} hangs")
            # A fork server may lose the code of a process; the command keeps it, unless killed.
            code = _read(own / "code")
            said = Said(
                int(code) if code else process.exitcode, _read(own / "out"), _read(own / "err")
            )
            process.close()
        return said


def _read(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    return ""


def _command(words: tuple[str, ...], environment: dict[str, str], folder: str, own: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
        with (own / name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    code = main(words)
    sys.stdout.flush()
    (own / "code").write_text(str(code))
    sys.exit(code)
