"""`rosterhold up`, `web`, `scheduler`: processes of an installation."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

import typer
import uvicorn

from rosterhold.cli.output import CliError, note
from rosterhold.cli.session import services_of, settings_of
from rosterhold.cli.waiting import ends_on_signals, wait_for_database
from rosterhold.config.wiring import Services
from rosterhold.web.app import create_app
from rosterhold.web.site import Site
from rosterhold.workers.pool import WorkerPool
from rosterhold.workers.scheduler import run_scheduler

app = typer.Typer()

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8800
STOP_WITHIN_S: Final = 10

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="Without it the port of ROSTERHOLD_PUBLIC_URL, or 8800."),
]


@app.command()
def up(ctx: typer.Context, host: Host = LOOPBACK, port: Port = None) -> None:
    """Run web, workers and scheduler in one process, until Ctrl-C."""
    with (
        ends_on_signals(),
        _ready_services(ctx) as services,
        running(services, host, _port(services, port)) as server,
    ):
        note(f"Rosterhold runs; the pages are at {services.settings.public_url}")
        server.wait()


@app.command()
def web(ctx: typer.Context, host: Host = LOOPBACK, port: Port = None) -> None:
    """Run the web pages and the API, until Ctrl-C."""
    with (
        ends_on_signals(),
        _ready_services(ctx) as services,
        WebServer(services, host, _port(services, port)) as server,
    ):
        note(f"the pages are at {services.settings.public_url}")
        server.wait()


@app.command()
def scheduler(ctx: typer.Context) -> None:
    """Start the nightly syncs, until Ctrl-C. Several may run; each sync starts once."""
    with ends_on_signals(), _ready_services(ctx) as services:
        run_scheduler(services, threading.Event())


@contextmanager
def _ready_services(ctx: typer.Context) -> Iterator[Services]:
    """Everything a process works with, once its database is there."""
    wait_for_database(settings_of(ctx, log_level="INFO"))
    with services_of(ctx, log_level="INFO") as services:
        yield services


class WebServer:
    """The web pages in a thread of this process, for as long as the block lasts.

    Raises:
        CliError: on entering, when the port cannot be used.
    """

    def __init__(self, services: Services, host: str, port: int) -> None:
        site = Site(
            database=services.database,
            store=services.store,
            doorbell=services.doorbell,
            tickets=services.tickets,
            public_url=services.settings.public_url,
            clock=lambda: datetime.now(UTC),
            request_rate=services.request_rate,
            clever_webhook_secrets=services.settings.clever_webhook_secrets,
            resume_webhook_secrets=services.settings.resume_webhook_secrets,
            meter=services.meter,
            metrics_token=services.settings.metrics_token,
            mailer=services.mailer,
            mail_from=services.settings.mail_from,
            clever_login=services.clever_login,
        )
        # Addresses carry tickets: they are not logged.
        config = uvicorn.Config(
            create_app(site),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        self._address = (host, port)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        listener = _listen(*self._address)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="web", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_WITHIN_S)

    def wait(self) -> None:
        """Until a signal ends it, or the server ended by itself."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(1.0)


@contextmanager
def running(services: Services, host: str, port: int) -> Iterator[WebServer]:
    """Web, workers and scheduler of an installation, for as long as the block lasts."""
    services.make()
    stop = threading.Event()
    ticking = threading.Thread(
        target=run_scheduler, args=(services, stop), name="scheduler", daemon=True
    )
    with WebServer(services, host, port) as server, WorkerPool(services, role="up"):
        ticking.start()
        try:
            yield server
        finally:
            stop.set()
            ticking.join(STOP_WITHIN_S)


def _port(services: Services, port: int | None) -> int:
    if port is not None:
        return port
    parts = urlsplit(services.settings.public_url)
    own = parts.hostname in {LOOPBACK, "localhost"} and parts.port
    return own or DEFAULT_PORT


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; of IPv6 when the host is such an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Naming the protocol lets asyncio switch off Nagle's delay on accepted connections.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CliError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error
    listener.listen(128)
    return listener
