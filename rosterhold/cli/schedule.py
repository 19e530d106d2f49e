"""`rosterhold schedule`: list, show, set, blackout."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
import typer

from rosterhold.adapters.database import schedules
from rosterhold.adapters.database.schedules import ScheduleRow
from rosterhold.cli.output import AsJson, CliError, print_json, print_table, shown
from rosterhold.cli.session import database_of
from rosterhold.cli.words import the_district
from rosterhold.statemachine.schedule import ScheduleError, blackouts, checked_cron, in_words

app = typer.Typer(help="Schedules: list, show and set when districts are synced by themselves.")

DEFAULT: Final = "default"

Said = TypeVar("Said")
Read = TypeVar("Read")

District = Annotated[str, typer.Argument(help="The district's id, ours or Clever's.")]


class ScheduleDocument(msgspec.Struct, frozen=True):
    """A schedule, as `schedule show --json` gives it."""

    district_id: str
    district: str
    cron: str
    is_default: bool
    in_words: str
    time_zone: str
    blackouts: list[str]
    next_due_at: datetime
    next_due_there: str


def _document(row: ScheduleRow) -> ScheduleDocument:
    return ScheduleDocument(
        district_id=row.district_id,
        district=row.district_name,
        cron=row.cron,
        is_default=row.is_default,
        in_words=in_words(row.cron),
        time_zone=row.time_zone,
        blackouts=row.blackouts,
        next_due_at=row.next_due_at,
        next_due_there=due_there(row),
    )


def due_there(row: ScheduleRow) -> str:
    """When a district is due next, on its own clocks."""
    return f"{row.next_due_at.astimezone(ZoneInfo(row.time_zone)):%Y-%m-%d %H:%M %Z}"


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """The schedules of all districts, those that are due next first."""
    with database_of(ctx) as database, database.reading() as conn:
        found = [_document(row) for row in schedules.upcoming(conn, limit=limit)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("district", "name", "schedule", "due next", "blackouts"),
        (
            (row.district_id, row.district, row.cron, row.next_due_there, row.blackouts)
            for row in found
        ),
        empty="There is no district yet; `rosterhold district add` adds one.",
    )


@app.command()
def show(ctx: typer.Context, district: District, *, as_json: AsJson = False) -> None:
    """When a district is synced by itself."""
    with database_of(ctx) as database, database.reading() as conn:
        _print(_schedule_of(conn, district), as_json=as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    district: District,
    cron: Annotated[
        str,
        typer.Argument(
            help="Minute, hour, day of the month, month, day of the week, on the clocks of the "
            "district, such as '30 20 * * 1-5'; `default` for a minute of each night."
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Say when a district is synced by itself."""
    wanted = "" if cron.strip().lower() == DEFAULT else checked(checked_cron, cron)
    with database_of(ctx) as database, database.transaction() as tx:
        row = schedules.put(tx, the_district(tx.conn, district).id, cron=wanted)
    _print(row, as_json=as_json)


@app.command()
def blackout(
    ctx: typer.Context,
    district: District,
    ranges: Annotated[
        list[str] | None,
        typer.Argument(help="Such as 2027-06-10..2027-08-15, or 06-10..08-15 for every year."),
    ] = None,
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take these away instead of adding them.")
    ] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take all away.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add days on which nothing starts by itself, or take them away."""
    said = [str(each) for each in checked(blackouts, ranges or [])]
    if clear == bool(said) or (clear and remove):
        raise CliError("say ranges of days, or --clear; `rosterhold schedule blackout --help`")
    with database_of(ctx) as database, database.transaction() as tx:
        before = _schedule_of(tx.conn, district)
        wanted = _changed(before, said, remove=remove)
        row = checked(
            lambda texts: schedules.put(tx, before.district_id, ranges=texts),
            [] if clear else wanted,
        )
    _print(row, as_json=as_json)


def _changed(before: ScheduleRow, said: list[str], *, remove: bool) -> list[str]:
    if not remove:
        return [*before.blackouts, *said]
    for each in said:
        if each not in before.blackouts:
            raise CliError(
                f"{each} is no blackout of this district; it has: {shown(before.blackouts)}"
            )
    return [each for each in before.blackouts if each not in said]


def checked(read: Callable[[Said], Read], said: Said) -> Read:
    """What was said, read; what cannot be kept is told in one line."""
    try:
        return read(said)
    except ScheduleError as error:
        raise CliError(str(error)) from error


def _schedule_of(conn: sa.Connection, word: str) -> ScheduleRow:
    district = the_district(conn, word)
    row = schedules.get(conn, district.id)
    if row is None:
        raise CliError(
            f"the district {word!r} was added by an older release and has no schedule yet; the "
            "scheduler gives it one within half an hour"
        )
    return row


def _print(row: ScheduleRow, *, as_json: bool) -> None:
    document = _document(row)
    if as_json:
        print_json(document)
        return
    said = {name: getattr(document, name) for name in document.__struct_fields__}
    print_table(("", ""), [(key.replace("_", " "), said[key]) for key in said], empty="")
