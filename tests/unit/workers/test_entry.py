"""What the parent of the worker processes may import before it forks them."""

import subprocess
import sys

import pytest

from rosterhold.workers.entry import CORES_OF_POLARS, share_the_cores

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


@pytest.mark.parametrize(
    ("cores", "processes", "share"), [(8, 2, "4"), (2, 1, "2"), (2, 2, "1"), (2, 3, "1")]
)
def test_the_processes_of_a_unit_share_the_cores(cores, processes, share):
    environment = {}
    share_the_cores(environment, cores=cores, processes=processes)
    assert environment == {CORES_OF_POLARS: share}


def test_a_number_of_cores_that_the_operator_gave_stays():
    environment = {CORES_OF_POLARS: "3"}
    share_the_cores(environment, cores=8, processes=2)
    assert environment == {CORES_OF_POLARS: "3"}
