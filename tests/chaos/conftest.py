import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.storm import Storm


@pytest.fixture(scope="module")
def town() -> Iterator[Storm]:
    """Real servers and real worker processes in calm weather."""
    folder = Path(tempfile.mkdtemp(prefix="rosterhold-calm-"))
    folder.chmod(0o755)
    with Storm(folder, 7, towns=8, doomed=0.0) as storm:
        yield storm
    shutil.rmtree(folder, ignore_errors=True)
