"""`rosterhold sync`: start, list, show, history, cancel."""

from collections.abc import Sequence
from typing import Annotated

import sqlalchemy as sa
import typer

from rosterhold.adapters.database import decisions, districts, syncs, views
from rosterhold.adapters.database.decisions import Started
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.views import SyncView
from rosterhold.cli.deciding import Sync, Wait, accepted, finish, finish_all, the_person
from rosterhold.cli.output import AsJson, CliError, print_json, print_table, say
from rosterhold.cli.session import database_of, services_of
from rosterhold.cli.words import FROM_WHERE, ago, the_district, the_sync
from rosterhold.roster.wording import nothing_new_words

app = typer.Typer(help="Syncs: start, list, show, cancel.")


@app.command()
def start(
    ctx: typer.Context,
    district: Annotated[
        list[str] | None, typer.Argument(help="Ids of districts, ours or Clever's.")
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every district that has no open sync.")
    ] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Start a sync of a district, of several, or of all; one is open at a time in each."""
    words = district or []
    if every == bool(words):
        raise CliError("say which districts, or --all. Try `rosterhold sync start --help`.")
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            wanted = [the_district(conn, word) for word in words]
            _refuse_open(conn, wanted)
            wanted = wanted or districts.every(conn)
        started = _start(services.database, wanted)
        if words and not started:
            raise CliError("somebody else has just started it. Nothing was started.")
        if len(words) == 1:
            [one] = started
            code = finish(services, one.sync_id, one.work, wait=wait, as_json=as_json)
        else:
            code = finish_all(services, started, wait=wait, as_json=as_json)
    if not started and not as_json:
        say("Nothing was started: every district has an open sync, or there is none.")
    raise typer.Exit(code)


def _refuse_open(conn: sa.Connection, wanted: Sequence[DistrictRow]) -> None:
    for row in wanted:
        sync = syncs.find_open(conn, row.id)
        if sync is not None:
            raise CliError(
                f"the district {row.clever_id} has an open sync: {sync.id} ({sync.state}). "
                "Nothing was started."
            )


def _start(database: Database, wanted: Sequence[DistrictRow]) -> list[Started]:
    """Start a sync of each that has none open."""
    cause = Cause("started from the command line", the_person().who)
    trigger = FROM_WHERE.replace(" ", "_")
    outcomes = [decisions.start(database, row.id, trigger=trigger, cause=cause) for row in wanted]
    return [outcome for outcome in outcomes if isinstance(outcome, Started)]


@app.command()
def wait(ctx: typer.Context, sync: Sync, *, as_json: AsJson = False) -> None:
    """Follow a sync that was started before, as `sync start --wait` does."""
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            row = the_sync(conn, sync)
        code = finish(services, row.id, (), wait=True, as_json=as_json)
    raise typer.Exit(code)


@app.command("list")
def list_(
    ctx: typer.Context,
    district: Annotated[str | None, typer.Option(help="Only of this district.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """The newest syncs."""
    with database_of(ctx) as database, database.reading() as conn:
        district_id = the_district(conn, district).id if district else None
        found = views.sync_views(conn, district_id=district_id, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ("sync", "district", "state", "trigger", "started", "finished"),
        (
            (
                row.id,
                row.district_name,
                f"{row.state}, nothing new" if row.nothing_new_since else row.state,
                row.trigger,
                row.started_at,
                row.finished_at,
            )
            for row in found
        ),
        empty="There was no sync yet; `rosterhold sync start DISTRICT` starts one.",
    )


@app.command()
def show(ctx: typer.Context, sync: Sync, *, as_json: AsJson = False) -> None:
    """One sync with its counts."""
    with database_of(ctx) as database, database.reading() as conn:
        view = views.sync_view(conn, the_sync(conn, sync).id)
    if view is None:
        raise CliError(f"there is no sync {sync!r}")
    if as_json:
        print_json(view)
    else:
        _print(view)


@app.command()
def history(ctx: typer.Context, sync: Sync, *, as_json: AsJson = False) -> None:
    """Every transition of a sync: from, to, why, who, when."""
    with database_of(ctx) as database, database.reading() as conn:
        lines = views.history(conn, the_sync(conn, sync).id)
    if as_json:
        print_json(lines)
        return
    print_table(
        ("at", "from", "to", "event", "why", "who"),
        ((row.at, row.from_state, row.to_state, row.event, row.why, row.who) for row in lines),
        empty="Nothing happened yet.",
    )


@app.command()
def cancel(ctx: typer.Context, sync: Sync, *, as_json: AsJson = False) -> None:
    """End an open sync; nothing of it is applied."""
    cause = Cause("cancelled from the command line", the_person().who)
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            row = the_sync(conn, sync)
        outcome = decisions.cancel(services.database, row.id, cause)
        taken = accepted(outcome)
        finish(services, taken.sync_id, taken.work, wait=False, as_json=as_json)


def _print(view: SyncView) -> None:
    say(f"{view.id} of {view.district_name} ({view.district_clever_id}): {view.state}")
    finished = f", finished {view.finished_at:%Y-%m-%d %H:%M:%S}" if view.finished_at else ""
    say(f"started {view.started_at:%Y-%m-%d %H:%M:%S}{finished} UTC, by {view.trigger}")
    if view.held_since and not view.finished_at:
        say(f"on hold for {ago(view.held_since)}")
    if view.failure:
        say(f"failed: {view.failure}")
    if view.nothing_new_since:
        say(nothing_new_words(view.nothing_new_since, "UTC"))
    if view.receipt:
        say("receipt: " + ", ".join(f"{name} {number}" for name, number in view.receipt.items()))
    if view.counts:
        columns = ("added", "changed", "removed", "reidentified", "total")
        print_table(
            ("kind", *columns),
            (
                (kind, *(counts.get(column, 0) for column in columns))
                for kind, counts in view.counts.items()
            ),
            empty="",
        )
