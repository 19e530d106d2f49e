"""Both snapshot stores, each empty; S3 over HTTP against a server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from rosterhold.config.wiring import snapshot_store
from rosterhold.roster.store import SnapshotStore


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a service that speaks S3."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-test's-secret")


@pytest.fixture
def bucket(s3_server: str, credentials: None) -> str:
    """A fresh bucket."""
    name = f"test-{uuid4().hex}"
    urlopen(Request(f"{s3_server}/{name}", method="PUT"), timeout=10).close()
    return name


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store lies, as ROSTERHOLD_SNAPSHOTS says it."""
    if request.param == "folder":
        return str(tmp_path / "snapshots")
    server: str = request.getfixturevalue("s3_server")
    return f"s3://{request.getfixturevalue('bucket')}/some/prefix?endpoint={server}"


@pytest.fixture
def store(place: str) -> SnapshotStore:
    return snapshot_store(place)
