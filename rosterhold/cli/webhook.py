"""`rosterhold webhook`: who is told of what happens, and what they were told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
import typer
from ulid import ULID

from rosterhold.adapters.database import webhooks
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.webhooks import DeliveryRow, DeliveryStatus, EndpointRow
from rosterhold.cli.output import (
    DONE,
    FAILED,
    AsJson,
    CliError,
    note,
    print_json,
    print_table,
    say,
)
from rosterhold.cli.session import database_of, services_of
from rosterhold.cli.words import the_district
from rosterhold.config.wiring import Services
from rosterhold.statemachine.announcements import PING, Announcement

app = typer.Typer(help="Webhooks: add, list, remove, enable, disable, ping, deliveries, resend.")

Endpoint = Annotated[str, typer.Argument(help="The endpoint's id; `webhook list` shows them.")]
EVENTS: Final = ", ".join(Announcement)


class EndpointView(msgspec.Struct, frozen=True):
    """An endpoint, as `webhook list --json` gives it; never with its secret."""

    id: str
    url: str
    district: str | None
    events: list[str]
    waiting: int
    switched_off_at: datetime | None
    switched_off_why: str | None


@app.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to: https://…")],
    event: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated; all without it. {EVENTS}.")
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="Only of this district; of all without it.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell an endpoint what happens from now on. Prints its id and its secret, this once."""
    # Only here: both take a tenth of a second that the other commands need not wait for.
    from rosterhold.adapters.webhooks.secret import new_secret  # noqa: PLC0415 - as said
    from rosterhold.adapters.webhooks.targets import (  # noqa: PLC0415 - as said
        TargetRefusedError,
        check_url,
        public_address,
    )

    events = _events(event or list(Announcement))
    with services_of(ctx) as services:
        private = services.settings.webhooks_to_private
        try:
            host, port = check_url(url, private_allowed=private)
            public_address(host, port, private_allowed=private)
        except TargetRefusedError as error:
            raise CliError(str(error)) from error
        secret = new_secret()
        with services.database.transaction() as tx:
            endpoint_id = webhooks.add_endpoint(
                tx,
                url=url,
                events=events,
                district_id=the_district(tx.conn, district).id if district else None,
                sealed_secret=services.sealing.seal(secret),
            )
    if as_json:
        print_json({"id": endpoint_id, "secret": secret})
    else:
        say(endpoint_id)
        say(secret)


def _events(names: list[str]) -> set[Announcement]:
    try:
        return {Announcement(name) for name in names}
    except ValueError as error:
        raise CliError(f"{error}; there are {EVENTS}") from error


@app.command("list")
def list_(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """All endpoints, and how many deliveries wait for each."""
    with database_of(ctx) as database, database.reading() as conn:
        waiting = webhooks.waiting_by_endpoint(conn)
        found = [_view(row, waiting.get(row.id, 0)) for row in webhooks.every_endpoint(conn)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "address", "district", "events", "waiting", "switched off", "why"),
        (
            (
                one.id,
                one.url,
                one.district or "all",
                one.events,
                one.waiting,
                one.switched_off_at,
                one.switched_off_why,
            )
            for one in found
        ),
        empty="Nobody is told yet; `rosterhold webhook add` adds an endpoint.",
    )


def _view(row: EndpointRow, waiting: int) -> EndpointView:
    return EndpointView(
        row.id,
        row.url,
        row.district_id,
        row.events,
        waiting,
        row.switched_off_at,
        row.switched_off_why,
    )


@app.command()
def remove(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Forget an endpoint, with what it was told."""
    with database_of(ctx) as database:
        found = _the_endpoint(database, endpoint)
        with database.transaction() as tx:
            webhooks.remove_endpoint(tx, found.id)


@app.command()
def enable(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Send again what happens from now on; `webhook resend` sends what was missed."""
    with database_of(ctx) as database:
        found = _the_endpoint(database, endpoint)
        with database.transaction() as tx:
            webhooks.switch_on(tx, found.id)


@app.command()
def disable(
    ctx: typer.Context,
    endpoint: Endpoint,
    why: Annotated[str, typer.Option(help="For whoever looks at it later.")] = "by an operator",
) -> None:
    """Send nothing for now; what it misses is kept."""
    with database_of(ctx) as database:
        found = _the_endpoint(database, endpoint)
        with database.transaction() as tx:
            webhooks.switch_off(tx, found.id, why)


def _the_endpoint(database: Database, word: str) -> EndpointRow:
    with database.reading() as conn:
        found = webhooks.find_endpoint(conn, word.upper())
    if found is None:
        raise CliError(f"there is no endpoint {word!r}; `rosterhold webhook list` shows them")
    return found


@app.command()
def ping(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Send one event to try it, now. Exit 1 when it is not taken."""
    with services_of(ctx) as services:
        found = _the_endpoint(services.database, endpoint)
        error = asyncio.run(_ping(services, found))
    if error is None:
        say("It was taken.")
        raise typer.Exit(DONE)
    note(f"error: {error}")
    raise typer.Exit(FAILED)


async def _ping(services: Services, endpoint: EndpointRow) -> str | None:
    from rosterhold.adapters.webhooks.sending import body_of, send  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    outcome = await send(
        endpoint.url,
        services.sealing.open(endpoint.sealed_secret),
        str(ULID()),
        body_of(PING, now, {"endpoint": endpoint.id}),
        now=now,
        private_allowed=services.settings.webhooks_to_private,
    )
    return outcome.error


@app.command()
def deliveries(
    ctx: typer.Context,
    endpoint: Annotated[str | None, typer.Option(help="Only of this endpoint.")] = None,
    status: Annotated[
        list[DeliveryStatus] | None, typer.Option(help="Only these; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """What was sent, or waits to be, newest first."""
    with database_of(ctx) as database, database.reading() as conn:
        found = webhooks.log_of(
            conn,
            endpoint_id=endpoint.upper() if endpoint else None,
            statuses=status or (),
            limit=limit,
        )
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "event", "district", "status", "tries", "answer", "when", "last error"),
        (_line(row) for row in found),
        empty="Nothing was sent yet.",
    )


def _line(row: DeliveryRow) -> tuple[Any, ...]:
    return (
        row.id,
        row.event,
        row.district_id,
        row.status,
        row.tries,
        row.answer,
        row.created_at,
        row.last_error,
    )


@app.command()
def resend(
    ctx: typer.Context,
    delivery: Annotated[list[str] | None, typer.Argument(help="Ids of deliveries.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="All that this endpoint did not take.")
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=24 * 35, help="Of the last so many.")] = 72,
) -> None:
    """Send again, under the same event ids: single deliveries, or all that an endpoint missed."""
    if bool(delivery) == bool(endpoint):
        raise CliError("name deliveries, or an endpoint with --endpoint")
    with services_of(ctx) as services:
        chosen = (
            _missed(services.database, endpoint, hours)
            if endpoint
            else _named(services.database, delivery or [])
        )
        with services.database.transaction() as tx:
            sent = sum(webhooks.resend(tx, row) for row in chosen)
            work = tuple(tx.work)
        services.doorbell.ring(work)
    say(f"{sent} will be sent again.")


def _missed(database: Database, word: str, hours: int) -> list[DeliveryRow]:
    found = _the_endpoint(database, word)
    with database.reading() as conn:
        return list(
            webhooks.log_of(
                conn,
                endpoint_id=found.id,
                statuses=(DeliveryStatus.FAILED, DeliveryStatus.OFF),
                since=database.now(conn) - timedelta(hours=hours),
                limit=100_000,
            )
        )


def _named(database: Database, ids: list[str]) -> list[DeliveryRow]:
    with database.reading() as conn:
        rows = {word: webhooks.load(conn, word.upper()) for word in ids}
    unknown = [word for word, row in rows.items() if row is None]
    if unknown:
        raise CliError(f"there is no delivery {', '.join(unknown)}")
    return [row for row in rows.values() if row is not None]
