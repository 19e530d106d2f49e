"""The one place that knows the concrete adapters: makes what a process works with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rosterhold.adapters.database.engine import Database, Moved
from rosterhold.adapters.doorbell import Doorbell
from rosterhold.adapters.metrics import CLEVER_SECONDS, RATE_WAITED, RATE_WAITS, TRANSITIONS, Meter
from rosterhold.adapters.tickets import Tickets
from rosterhold.config.bucket import SCHEME, bucket_address
from rosterhold.config.settings import OFF, Settings
from rosterhold.roster.store import SnapshotStore

if TYPE_CHECKING:
    import redis
    from dramatiq.brokers.redis import RedisBroker

    from rosterhold.adapters.clever.client import CleverClient
    from rosterhold.adapters.clever.login import CleverLogin
    from rosterhold.adapters.clever.rate import RateGate
    from rosterhold.adapters.mail import Mailer
    from rosterhold.adapters.request_rate import RequestRate
    from rosterhold.adapters.sealing import Sealing
    from rosterhold.adapters.tracing import Traces

# ruff: noqa: PLC0415 - a part is imported when it is made: a command waits for what it uses only.


class Services:
    """What a process works with; each part is made when it is first asked for.

    Args:
        settings: what the parts are made of.
        parts: parts by their name that are made already.
    """

    def __init__(self, settings: Settings, **parts: object) -> None:
        self.settings = settings
        vars(self).update(parts)

    @cached_property
    def database(self) -> Database:
        lease = timedelta(seconds=self.settings.lease_seconds)
        return Database(self.settings.database_url, lease=lease, on_moved=self._moved)

    @cached_property
    def meter(self) -> Meter:
        return Meter()

    @cached_property
    def store(self) -> SnapshotStore:
        return snapshot_store(self.settings.snapshots)

    @cached_property
    def broker(self) -> "RedisBroker":
        from rosterhold.adapters.queue import make_broker

        return make_broker(self._redis)

    @cached_property
    def doorbell(self) -> Doorbell:
        from rosterhold.adapters.queue import DramatiqDoorbell

        return DramatiqDoorbell(self.broker)

    @cached_property
    def rate_gate(self) -> "RateGate":
        from rosterhold.adapters.clever.rate import RedisRateGate

        return RedisRateGate(self._redis)

    @cached_property
    def request_rate(self) -> "RequestRate":
        from rosterhold.adapters.request_rate import RedisRequestRate

        return RedisRequestRate(self._redis, self.settings.api_requests_per_minute)

    @cached_property
    def mailer(self) -> "Mailer":
        from rosterhold.adapters.mail import FolderMailer, SmtpMailer

        if self.settings.smtp_url:
            return SmtpMailer(self.settings.smtp_url, self.settings.mail_from)
        return FolderMailer(self.settings.mail_folder)

    @cached_property
    def clever_login(self) -> "CleverLogin | None":
        settings = self.settings
        if settings.clever_issuer == OFF:
            return None
        from rosterhold.adapters.clever.login import CleverLogin

        return CleverLogin(
            issuer=settings.clever_issuer or _host_of(settings.clever_oauth_url),
            client_id=settings.clever_client_id,
            client_secret=settings.clever_client_secret,
            data_url=_host_of(settings.clever_api_url),
        )

    @cached_property
    def tickets(self) -> Tickets:
        return Tickets(self.settings.secret_keys)

    @cached_property
    def sealing(self) -> "Sealing":
        from rosterhold.adapters.sealing import Sealing

        return Sealing(self.settings.secret_keys)

    @cached_property
    def _redis(self) -> "redis.Redis":
        from rosterhold.adapters.queue import connect

        return connect(self.settings.redis_url)

    @cached_property
    def traces(self) -> "Traces | None":
        """Where spans go; None when that is not set."""
        if self.settings.otlp_url is None:
            return None
        from rosterhold.adapters.tracing import traces_to

        return traces_to(self.settings.otlp_url)

    def _moved(self, transitions: Sequence[Moved]) -> None:
        """Count transitions that were committed, and end the traces of syncs that are over."""
        for moved in transitions:
            self.meter.count(TRANSITIONS, moved.event, moved.sync.state.value)
            if moved.sync.state.is_final and self.traces is not None:
                self.traces.ended(moved.sync)

    def make(self) -> Self:
        """Make every part now: for a process with threads, of which two might make a part twice."""
        for name in (
            "database",
            "store",
            "doorbell",
            "rate_gate",
            "request_rate",
            "mailer",
            "tickets",
            "sealing",
            "meter",
            "traces",
        ):
            getattr(self, name)
        return self

    def close(self) -> None:
        """End what was made; nothing is made for it."""
        if "broker" in vars(self):
            self.broker.close()
        if "database" in vars(self):
            self.database.dispose()
        if vars(self).get("traces") is not None:
            self.traces.close()  # type: ignore[union-attr]  # as just asked


def build(settings: Settings) -> Services:
    """Put the parts together. Connects to nothing yet."""
    return Services(settings)


def snapshot_store(place: str) -> SnapshotStore:
    """The store at a place as the settings name it: a folder, or an address of S3 storage."""
    if not place.startswith(f"{SCHEME}://"):
        from rosterhold.adapters.snapshots import FolderSnapshots

        return FolderSnapshots(Path(place))
    from rosterhold.adapters.snapshots_on_s3 import S3Snapshots

    address = bucket_address(place)
    return S3Snapshots(
        address.bucket, address.prefix, endpoint=address.endpoint, region=address.region
    )


def _host_of(url: str) -> str:
    """The host of an address that may be given with the path below it: `…/v3.0`, `…/oauth`."""
    base = url.rstrip("/").removesuffix("/tokens")
    return base.removesuffix("/oauth").removesuffix("/v3.0")


@asynccontextmanager
async def clever_client(services: Services) -> AsyncIterator["CleverClient"]:
    """A client for one piece of work: it lives in the event loop of that work."""
    from rosterhold.adapters.clever.client import CleverClient
    from rosterhold.adapters.http import Http

    settings, meter, traces = services.settings, services.meter, services.traces

    def answered(status: str, seconds: float) -> None:
        meter.observe(CLEVER_SECONDS, status, value=seconds)
        if traces is not None:
            traces.answered(status, seconds)

    def waited(seconds: float) -> None:
        meter.count(RATE_WAITS)
        meter.count(RATE_WAITED, by=seconds)

    async with Http(on_answer=answered) as http:
        yield CleverClient(
            http,
            client_id=settings.clever_client_id,
            client_secret=settings.clever_client_secret,
            gate=services.rate_gate,
            data_url=_host_of(settings.clever_api_url),
            oauth_url=_host_of(settings.clever_oauth_url),
            on_wait=waited,
        )
