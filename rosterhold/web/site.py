"""What the pages work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request

from rosterhold.adapters.clever.login import CleverLogin
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.doorbell import Doorbell
from rosterhold.adapters.mail import Mailer
from rosterhold.adapters.metrics import Meter
from rosterhold.adapters.request_rate import RequestRate
from rosterhold.adapters.tickets import Tickets
from rosterhold.roster.store import SnapshotStore
from rosterhold.web.kept import Kept


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that the pages need.

    Attributes:
        public_url: where people reach the pages, without a trailing slash. Its path is put
            before every link; a proxy takes it away again.
        clock: the time now, aware.
        request_rate: counts the requests of the API; None to count nothing.
        clever_webhook_secrets: who may say that Clever has new data.
        resume_webhook_secrets: who may answer holds from outside.
        meter: what this process counts.
        metrics_token: what `/metrics` asks for; without one it is for this machine only.
        kept: answers that are kept for a moment.
    """

    database: Database
    store: SnapshotStore
    doorbell: Doorbell
    tickets: Tickets
    public_url: str
    clock: Callable[[], datetime]
    mailer: Mailer
    mail_from: str
    clever_login: CleverLogin | None = None
    request_rate: RequestRate | None = None
    clever_webhook_secrets: tuple[str, ...] = ()
    resume_webhook_secrets: tuple[str, ...] = ()
    meter: Meter = field(default_factory=Meter)
    metrics_token: str | None = None
    kept: Kept = field(default_factory=Kept)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def base(self) -> str:
        """The path before every link; "" at the root of a host."""
        return urlsplit(self.public_url).path.rstrip("/")


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
