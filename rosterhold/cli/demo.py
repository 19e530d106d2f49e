"""`rosterhold demo`: a sync, a hold and a decision, told live on a made-up district."""

import secrets
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.text import Text

from rosterhold.adapters.database import decisions, districts, login_links, migrations, views
from rosterhold.adapters.database.decisions import AlreadyOpen, Person
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.views import HoldView, SyncView
from rosterhold.adapters.links import login_address
from rosterhold.cli.deciding import accepted, sync_view
from rosterhold.cli.follow import follow, progress_display
from rosterhold.cli.output import CliError
from rosterhold.cli.serve import LOOPBACK, WebServer
from rosterhold.config import logging
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services, build
from rosterhold.simulator.district import District
from rosterhold.simulator.generate import SMALLEST, generate_district
from rosterhold.simulator.mail_sink import MailSink
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action
from rosterhold.workers.pool import WorkerPool

app = typer.Typer()

FOLDER: Final = Path("var/demo")
ADMINISTRATOR: Final = "admin@district.example"
MAIL_LINES: Final = 24
LOOK_EVERY_S: Final = 0.3
# How long the pages stay after the receipt.
LOOK_AT_MOST_S: Final = 600


@app.command()
def demo(
    people: Annotated[int, typer.Option(min=SMALLEST, help="People in the district.")] = 5_000,
    seed: Annotated[int, typer.Option(help="What the district is drawn from.")] = 1,
    *,
    auto: Annotated[
        bool, typer.Option("--auto", help="Decide by itself instead of waiting for a click.")
    ] = False,
) -> None:
    """Show a sync, a hold and a decision. Everything stays on this machine."""
    logging.configure("console", "ERROR")
    story = Story(Console(highlight=False))
    with ExitStack() as stack:
        with story.chapter("A district, a stand-in Clever, a mail server and Rosterhold"):
            district = generate_district(seed, people, as_of=datetime.now(UTC))
            stage = stack.enter_context(_installation(district))
            _tell_where(story, stage, people)
        try:
            _play(story, stage, auto=auto)
        except KeyboardInterrupt:
            story.say("")
            story.say("Stopped. What is on hold was not applied.")
            return
    story.sum_up()


@dataclass(slots=True)
class Story:
    """Tells what happens, and how long each chapter took."""

    console: Console
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        self.console.print(f"\n[bold]{len(self.seconds) + 1}. {escape(title)}[/]")
        began = time.monotonic()
        yield
        self.seconds.append((title, time.monotonic() - began))

    def say(self, text: str) -> None:
        self.console.print(f"   {escape(text)}" if text else "", soft_wrap=True)

    def show_mails(self, messages: Iterable[EmailMessage]) -> None:
        for message in messages:
            self._show_mail(message)

    def _show_mail(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        lines = body.get_content().strip().splitlines() if body is not None else []
        shown = [f"To: {message['To']}", f"Subject: {message['Subject'].strip()}", ""]
        shown += lines[:MAIL_LINES] + (["…"] if len(lines) > MAIL_LINES else [])
        # A frame around it would break a long link over two lines.
        self.console.print(Rule("mail", align="left"))
        for line in shown:
            style = f"link {line}" if line.startswith("http") else ""
            self.console.print(Text(line, style), soft_wrap=True)
        self.console.print(Rule())

    def sum_up(self) -> None:
        self.console.print("\n[bold]Seconds[/]")
        for title, seconds in self.seconds:
            self.console.print(f"   {seconds:6.1f}  {escape(title)}", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo runs on."""

    services: Services
    simulator: SimulatorServer
    mails: MailSink
    district: District
    district_id: str


@contextmanager
def _installation(district: District) -> Iterator[Stage]:
    """The embedded default in a fresh folder: web and workers here, Clever and mail stood in."""
    try:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"the demo cannot write to {FOLDER}: {error.strerror}") from error
    with ExitStack() as stack:
        simulator = stack.enter_context(SimulatorServer(World([district])))
        mails = stack.enter_context(MailSink())
        port = _free_port()
        services = build(_settings(simulator, mails, port))
        stack.callback(services.close)
        migrations.upgrade(services.database)
        with services.database.transaction() as tx:
            district_id = districts.add(
                tx, clever_id=district.id, name=str(district.info["name"]), emails=[ADMINISTRATOR]
            )
        stack.enter_context(WebServer(services, LOOPBACK, port))
        stack.enter_context(WorkerPool(services, role="demo"))
        yield Stage(services, simulator, mails, district, district_id)


def _settings(simulator: SimulatorServer, mails: MailSink, port: int) -> Settings:
    return Settings(
        database_url=f"sqlite:///{FOLDER}/rosterhold.db",
        snapshots=str(FOLDER / "snapshots"),
        clever_api_url=simulator.api_url,
        clever_oauth_url=simulator.oauth_url,
        clever_client_id=simulator.world.client_id,
        clever_client_secret=simulator.world.client_secret,
        smtp_url=mails.url,
        public_url=f"http://{LOOPBACK}:{port}",
        secret_keys=(secrets.token_urlsafe(32),),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _tell_where(story: Story, stage: Stage, people: int) -> None:
    story.say(f"{stage.district.info['name']}: {people:,} people, made up")
    story.say(f"stand-in Clever {stage.simulator.url}")
    story.say(f"mail server     {stage.mails.url}")
    story.say(f"web pages       {stage.services.settings.public_url}")
    story.say(f"database        {FOLDER / 'rosterhold.db'} (SQLite; the queue is in this process)")


def _play(story: Story, stage: Stage, *, auto: bool) -> None:
    with story.chapter("The district connects: the first sync"):
        first = _sync(story, stage, "first_sync", sum(stage.district.counts().values()))
        story.say(_applied(first))
        _expect(first, SyncState.COMPLETED)
    with story.chapter("Somebody stops sharing a school in Clever"):
        school = _unshare_a_school(stage)
        story.say(f"{school} is no longer shared.")
    with story.chapter("The next sync would remove it: on hold, nothing is changed"):
        held = _sync(story, stage, "schedule", None)
        _expect(held, SyncState.HELD_REMOVALS)
        hold = _tell_hold(story, stage, held)
        story.show_mails(stage.mails.messages)
    with story.chapter("The decision"):
        _tell_address(story, stage, held)
        if auto:
            _confirm(story, stage, hold)
        else:
            story.say("Waiting for your click there (Ctrl-C ends the demo) …")
            _wait_for_a_click(story, stage, held)
    with story.chapter("The sync goes on"):
        _go_on(story, stage, held.id)
        if not auto:
            story.say("Your browser shows the receipt. Ctrl-C ends the demo.")
            _let_look()


def _sync(story: Story, stage: Stage, trigger: str, total: int | None) -> SyncView:
    """Start a sync and follow it until it rests."""
    services = stage.services
    started = decisions.start(
        services.database, stage.district_id, trigger=trigger, cause=Cause("the demo")
    )
    if isinstance(started, AlreadyOpen):
        raise CliError(f"the sync {started.sync_id} is open")
    services.doorbell.ring(started.work)
    return _follow(story, services, started.sync_id, total)


def _follow(story: Story, services: Services, sync_id: str, total: int | None) -> SyncView:
    with progress_display(total, story.console) as display:
        return follow(services, sync_id, display, works_here=True)


def _unshare_a_school(stage: Stage) -> str:
    schools = stage.district.tables["schools"]
    school = schools.get(next(iter(schools.ids())))
    stage.simulator.world.change("remove-school", stage.district.id, school=school["id"])
    return str(school["name"])


def _tell_hold(story: Story, stage: Stage, held: SyncView) -> HoldView:
    with stage.services.database.reading() as conn:
        hold = views.hold_view(conn, held.id)
    if hold is None:
        raise CliError(f"the sync {held.id} is gone")
    for finding in hold.findings:
        story.say(f"- {finding.sentence}")
    return hold


def _tell_address(story: Story, stage: Stage, held: SyncView) -> None:
    services = stage.services
    with services.database.transaction() as tx:
        token = login_links.issue(tx, ADMINISTRATOR, f"/syncs/{held.id}", datetime.now(UTC))
    story.say("A link to log in that leads to the sync report; pages mail one like it:")
    address = login_address(services.settings.public_url, token)
    story.console.print(Text(address, f"bold link {address}"), soft_wrap=True)


def _confirm(story: Story, stage: Stage, hold: HoldView) -> None:
    taken = accepted(
        decisions.decide(
            stage.services.database,
            stage.services.store,
            sync_id=hold.sync,
            action=Action.CONFIRM,
            digest=hold.digest,
            person=Person(ADMINISTRATOR, "the demo"),
        )
    )
    stage.services.doorbell.ring(taken.work)
    story.say("--auto: the removals are confirmed, exactly those that were reviewed.")


def _wait_for_a_click(story: Story, stage: Stage, held: SyncView) -> None:
    """Show meanwhile what is mailed: links to log in."""
    seen = len(stage.mails.messages)
    while sync_view(stage.services, held.id).version == held.version:
        time.sleep(LOOK_EVERY_S)
        story.show_mails(stage.mails.messages[seen:])
        seen = len(stage.mails.messages)


def _let_look() -> None:
    """Keep the pages there for a while: somebody reads them."""
    with suppress(KeyboardInterrupt):
        time.sleep(LOOK_AT_MOST_S)


def _go_on(story: Story, stage: Stage, sync_id: str) -> None:
    """Follow the sync to its end, through as many holds as somebody answers."""
    seen = len(stage.mails.messages)
    while True:
        view = _follow(story, stage.services, sync_id, None)
        if not SyncState(view.state).is_on_hold:
            break
        story.say("Still on hold. Waiting for your click …")
        _wait_for_a_click(story, stage, view)
    story.say(_applied(view))
    if view.receipt:
        said = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in view.receipt.items())
        story.say(f"Receipt: {said}.")
    story.show_mails(stage.mails.messages[seen:])
    _expect(view, SyncState.COMPLETED)


def _applied(view: SyncView) -> str:
    added, changed, removed = (
        sum(counts.get(name, 0) for counts in view.counts.values())
        for name in ("added", "changed", "removed")
    )
    return f"{view.state}: {added:,} records added, {changed:,} changed, {removed:,} removed."


def _expect(view: SyncView, state: SyncState) -> None:
    if view.state != state:
        raise CliError(f"the sync is {view.state}, not {state}: {view.failure or 'see above'}", 1)
