"""The one place that knows the concrete adapters: builds everything when a process starts."""

from dataclasses import dataclass

from dramatiq.brokers.redis import RedisBroker

from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.doorbell import Doorbell
from rosterhold.adapters.mail import FolderMailer, Mailer, SmtpMailer
from rosterhold.adapters.queue import DramatiqDoorbell, connect, make_broker
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.adapters.tickets import Tickets
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
    mailer: Mailer
    tickets: Tickets

    def close(self) -> None:
        self.broker.close()
        self.database.dispose()


def build(settings: Settings) -> Services:
    """Put the parts together. Connects to nothing yet."""
    broker = make_broker(connect(settings.redis_url))
    mailer: Mailer = (
        SmtpMailer(settings.smtp_url, settings.mail_from)
        if settings.smtp_url
        else FolderMailer(settings.mail_folder)
    )
    return Services(
        settings=settings,
        database=Database(settings.database_url),
        store=FolderSnapshots(settings.snapshots),
        broker=broker,
        doorbell=DramatiqDoorbell(broker),
        mailer=mailer,
        tickets=Tickets(settings.secret_keys),
    )


def clever_client(services: Services) -> CleverClient:
    """A client for one fetch: it lives in the event loop of that fetch."""
    raise LookupError(services)
