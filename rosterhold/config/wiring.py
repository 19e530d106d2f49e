"""The one place that knows the concrete adapters: builds everything when a process starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dramatiq.brokers.redis import RedisBroker

from rosterhold.adapters.clever.client import API_VERSION, CleverClient
from rosterhold.adapters.clever.http import Http
from rosterhold.adapters.clever.rate import RateGate, RedisRateGate
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.doorbell import Doorbell
from rosterhold.adapters.mail import FolderMailer, Mailer, SmtpMailer
from rosterhold.adapters.queue import DramatiqDoorbell, connect, make_broker
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.adapters.snapshots_on_s3 import S3Snapshots
from rosterhold.adapters.tickets import Tickets
from rosterhold.config.bucket import SCHEME, bucket_address
from rosterhold.config.settings import Settings
from rosterhold.roster.store import SnapshotStore


@dataclass(frozen=True)
class Services:
    """What a process works with."""

    settings: Settings
    database: Database
    store: SnapshotStore
    broker: RedisBroker
    doorbell: Doorbell
    rate_gate: RateGate
    mailer: Mailer
    tickets: Tickets

    def close(self) -> None:
        self.broker.close()
        self.database.dispose()


def build(settings: Settings) -> Services:
    """Put the parts together. Connects to nothing yet."""
    client = connect(settings.redis_url)
    broker = make_broker(client)
    mailer: Mailer = (
        SmtpMailer(settings.smtp_url, settings.mail_from)
        if settings.smtp_url
        else FolderMailer(settings.mail_folder)
    )
    return Services(
        settings=settings,
        database=Database(settings.database_url),
        store=snapshot_store(settings.snapshots),
        broker=broker,
        doorbell=DramatiqDoorbell(broker),
        rate_gate=RedisRateGate(client),
        mailer=mailer,
        tickets=Tickets(settings.secret_keys),
    )


def snapshot_store(place: str) -> SnapshotStore:
    """The store at a place as the settings name it: a folder, or an address of S3 storage."""
    if not place.startswith(f"{SCHEME}://"):
        return FolderSnapshots(Path(place))
    address = bucket_address(place)
    return S3Snapshots(
        address.bucket, address.prefix, endpoint=address.endpoint, region=address.region
    )


@asynccontextmanager
async def clever_client(services: Services) -> AsyncIterator[CleverClient]:
    """A client for one piece of work: it lives in the event loop of that work."""
    settings = services.settings
    async with Http() as http:
        yield CleverClient(
            http,
            client_id=settings.clever_client_id,
            client_secret=settings.clever_client_secret,
            gate=services.rate_gate,
            data_url=_root(settings.clever_api_url),
            oauth_url=_root(settings.clever_oauth_url),
        )


def _root(url: str) -> str:
    """The host of an address that may be given with the path below it: `…/v3.0`, `…/oauth`."""
    base = url.rstrip("/").removesuffix("/tokens")
    return base.removesuffix("/oauth").removesuffix(f"/{API_VERSION}")
