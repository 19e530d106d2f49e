"""What the parent of the worker processes may import before it forks them."""

import subprocess
import sys

import pytest

PROBE = """
import importlib, os, sys
from rosterhold.workers.entry import PRELOADED
for name in PRELOADED:
    importlib.import_module(name)
print(len(os.listdir("/proc/self/task")), "polars" in sys.modules)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted where Linux tells them")
def test_what_the_parent_imports_starts_no_thread():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    threads, has_polars = done.stdout.split()
    assert threads == "1"
    assert has_polars == "False"
