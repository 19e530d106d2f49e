"""The embedded default on loopback: Clever, mail, web, workers and a database in a folder."""

import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from rosterhold.adapters.database import decisions, districts, login_links, migrations, syncs
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.links import login_address
from rosterhold.cli.serve import LOOPBACK, WebServer
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.district import District
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.mail_sink import MailSink
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.workers.pool import WorkerPool

ADMINISTRATOR = "admin@district.example"
_PATIENCE_S = 120
_LOOK_EVERY_S = 0.05


@dataclass
class Stage:
    """An installation with one district, and what happens around it."""

    services: Services
    simulator: SimulatorServer
    mails: MailSink
    district: District
    district_id: str

    def starts_a_sync(self) -> str:
        started = decisions.start(
            self.services.database, self.district_id, trigger="schedule", cause=Cause("the test")
        )
        assert isinstance(started, decisions.Started)
        self.services.doorbell.ring(started.work)
        return started.sync_id

    def syncs_until_it_rests(self) -> SyncRow:
        sync_id = self.starts_a_sync()
        return self.waits_for(sync_id, lambda sync: sync.state.is_on_hold or sync.state.is_final)

    def read_again(self, sync_id: str) -> SyncRow:
        """The held sync is checked again, as a schedule does, until it rests."""
        checked = decisions.check_held_again(
            self.services.database, sync_id, Cause("the nightly schedule")
        )
        assert checked is not None
        self.services.doorbell.ring(checked.work)
        return self.waits_for(sync_id, lambda sync: sync.state.is_final)

    def sync(self, sync_id: str) -> SyncRow:
        with self.services.database.reading() as conn:
            found = syncs.load(conn, sync_id)
        assert found is not None
        return found

    def waits_for(self, sync_id: str, wanted: Callable[[SyncRow], bool]) -> SyncRow:
        return waited(lambda: self.sync(sync_id), wanted)

    def changes(self, name: str, **options: Any) -> None:
        self.simulator.world.change(name, self.district.id, **options)

    def first_school(self) -> dict[str, Any]:
        schools = self.district.tables["schools"]
        return dict(schools.get(next(iter(schools.ids()))))

    def lets_in(self, page: Page, about: str = "Action needed") -> None:
        """To the report that the newest mail leads to, by a link to log in."""
        report = urlsplit(self.link_of_the_newest_mail(about)).path
        with self.services.database.transaction() as tx:
            token = login_links.issue(tx, ADMINISTRATOR, report, datetime.now(UTC))
        comes_in(page, login_address(self.services.settings.public_url, token))

    def link_of_the_newest_mail(self, about: str) -> str:
        """The link in the newest mail whose subject has these words."""

        def newest() -> EmailMessage | None:
            found = [mail for mail in self.mails.messages if about in mail["Subject"]]
            return found[-1] if found else None

        return link_in(waited(newest, lambda mail: mail is not None))


def comes_in(page: Page, link: str) -> None:
    """By a link that lets in."""
    page.goto(link)
    page.get_by_role("button", name="Continue").click()


def link_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://\S+", body.get_content())
    assert link is not None
    return link.group()


def waited(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Look until it is as wanted; the machine may be slow."""
    until = time.monotonic() + _PATIENCE_S
    while not wanted(found := look()):
        assert time.monotonic() < until, f"it stayed {found}"
        time.sleep(_LOOK_EVERY_S)
    return found


@contextmanager
def installed(folder: Path, *, people: int, seed: int = 1) -> Iterator[Stage]:
    district = generate_district(seed, people, as_of=datetime.now(UTC))
    with ExitStack() as stack:
        simulator = stack.enter_context(SimulatorServer(World([district])))
        mails = stack.enter_context(MailSink())
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = probe.getsockname()[1]
        settings = Settings(
            database_url=f"sqlite:///{folder}/rosterhold.db",
            snapshots=str(folder / "snapshots"),
            clever_api_url=simulator.api_url,
            clever_oauth_url=simulator.oauth_url,
            clever_client_id=simulator.world.client_id,
            clever_client_secret=simulator.world.client_secret,
            smtp_url=mails.url,
            public_url=f"http://{LOOPBACK}:{port}",
            secret_keys=(secrets.token_urlsafe(32),),
        )
        services = build(settings)
        stack.callback(services.close)
        migrations.upgrade(services.database)
        with services.database.transaction() as tx:
            district_id = districts.add(
                tx,
                clever_id=district.id,
                name=str(district.info["name"]),
                emails=[ADMINISTRATOR],
                time_zone="America/Chicago",
            )
            # Mails go out at whatever time of day the tests run.
            districts.update(tx, district_id, {"quiet_hours": None})
        stack.enter_context(WebServer(services, LOOPBACK, port))
        stack.enter_context(WorkerPool(services, role="browser tests"))
        yield Stage(services, simulator, mails, district, district_id)
