"""What the short commands do not wait for."""

import subprocess
import sys

import pytest

# Each takes a tenth of a second or more, and none of these commands needs it.
HEAVY = ("polars", "fakeredis", "dramatiq", "httpx", "starlette", "jinja2", "obstore", "alembic")
PROBE = """
import sys
from rosterhold.cli.main import main
main(sys.argv[1:])
sys.stderr.write("imported: " + " ".join(name for name in {heavy!r} if name in sys.modules))
"""


@pytest.mark.parametrize(
    "words",
    ["district list", "district show c1", "sync list", "sync start c1", "sync cancel c1",
     "hold list", "hold show c1", "hold confirm c1 --digest x"],
)  # fmt: skip
def test_a_short_command_imports_nothing_heavy(ready, words):
    if "show" in words or "cancel" in words or "hold" in words:
        ready("sync", "start", "c1")
    probe = PROBE.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", probe, *words.split()], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "imported: "
