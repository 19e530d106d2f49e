"""`rosterhold district discover` and `waiting`: districts that granted the app at Clever."""

from datetime import datetime

import msgspec
import sqlalchemy as sa
import typer

from rosterhold.adapters.database import discovery
from rosterhold.adapters.database.discovery import WaitingDistrict
from rosterhold.cli.output import FAILED, AsJson, CliError, print_json, print_table, say
from rosterhold.cli.session import database_of, services_of

HOW_TO_SET_UP = "`rosterhold district add --clever-id ID --admin MAIL` sets one up."


class WaitingDocument(msgspec.Struct, frozen=True):
    """A district that waits for set-up, as `district waiting --json` gives it."""

    clever_id: str
    name: str | None
    contact_name: str | None
    contact_email: str | None
    schools: int | None
    students: int | None
    seen_at: datetime


class DiscoveryDocument(msgspec.Struct, frozen=True):
    """What `district discover --json` prints; `lost` and `back` are Clever ids."""

    new: list[WaitingDocument]
    lost: tuple[str, ...]
    back: tuple[str, ...]


def discover(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Ask Clever now which districts granted the app, as the scheduler does every hour."""
    # Only here: they import what other commands of districts shall not wait for.
    from rosterhold.adapters.clever.errors import CleverError  # noqa: PLC0415 - as said
    from rosterhold.workers.discover import discover as discover_now  # noqa: PLC0415 - as said

    with services_of(ctx) as services:
        try:
            noted = discover_now(services)
        except CleverError as error:
            raise CliError(
                f"Clever did not say which districts granted the app: {error}", FAILED
            ) from error
        with services.database.reading() as conn:
            new = [row for row in _waiting(conn) if row.clever_id in noted.new]
            everyone = len(_waiting(conn))
    if as_json:
        print_json(DiscoveryDocument(new, noted.lost, noted.back))
        return
    print_rows(new, empty="No district is new.")
    if everyone:
        say(f"{everyone} in all wait for set-up. {HOW_TO_SET_UP}")
    for ids, words in (
        (noted.lost, "took the grant back"),
        (noted.back, "granted the app again"),
    ):
        for clever_id in ids:
            say(f"{clever_id} {words}.")


def waiting(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Districts that granted the app at Clever and are not set up, the newest first."""
    with database_of(ctx) as database, database.reading() as conn:
        rows = _waiting(conn)
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="No district waits for set-up.")


def print_rows(rows: list[WaitingDocument], *, empty: str) -> None:
    print_table(
        ("clever id", "name", "contact", "mail", "schools", "students", "seen"),
        (
            (
                row.clever_id,
                row.name,
                row.contact_name,
                row.contact_email,
                row.schools,
                row.students,
                row.seen_at,
            )
            for row in rows
        ),
        empty=empty,
    )


def _waiting(conn: sa.Connection) -> list[WaitingDocument]:
    return [_document(row) for row in discovery.waiting(conn)]


def _document(row: WaitingDistrict) -> WaitingDocument:
    names = WaitingDocument.__struct_fields__
    return WaitingDocument(**{name: getattr(row, name) for name in names})
