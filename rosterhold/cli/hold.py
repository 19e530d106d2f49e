"""`rosterhold hold`: what is on hold and why, and the decisions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import polars as pl
import typer

from rosterhold.adapters import layout
from rosterhold.adapters.database import views
from rosterhold.adapters.database.transitions import SyncRow
from rosterhold.adapters.database.views import FindingView, HoldView
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.cli.deciding import Sync, Wait, decide
from rosterhold.cli.files import written
from rosterhold.cli.output import (
    AsJson,
    CliError,
    note,
    print_json,
    print_table,
    say,
    write_csv,
)
from rosterhold.cli.session import ago, database_of, services_of, the_sync
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.decisions import Action
from rosterhold.statemachine.reasons import Reason

app = typer.Typer(help="Holds: list, show, and the decisions.")

CSV_COLUMNS: Final = ("kind", "key", "name", "detail", "school", "school_name")
ROWS_AT_ONCE: Final = 10_000

Digest = Annotated[str | None, typer.Option(help="Of what was reviewed; `hold show` prints it.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 200,
    *,
    as_json: AsJson = False,
) -> None:
    """Every held sync, the oldest hold first."""
    with database_of(ctx) as database, database.reading() as conn:
        held = views.sync_views(conn, held_only=True, limit=limit)
        found = [view for row in held if (view := views.hold_view(conn, row.id)) is not None]
    if as_json:
        print_json(found)
        return
    print_table(
        ("sync", "district", "state", "for", "what"),
        (
            (
                row.sync,
                row.district_name,
                row.state,
                ago(row.opened_at),
                "; ".join(reason.sentence for reason in row.reasons),
            )
            for row in found
        ),
        empty="Nothing is on hold.",
    )


@app.command()
def show(
    ctx: typer.Context,
    sync: Sync,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Write the records that would be removed here; - for standard output."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Why a sync is on hold, what was decided, and the digest a decision needs."""
    to_stdout = csv_file is not None and str(csv_file) == "-"
    if to_stdout and as_json:
        raise CliError("--csv - and --json both want standard output")
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            row = the_sync(conn, sync)
            view = views.hold_view(conn, row.id)
        if view is None:
            raise CliError(f"there is no sync {sync!r}")
        if csv_file is not None:
            _write_removed(services.store, row, view, None if to_stdout else csv_file)
    if as_json:
        print_json(view)
    elif not to_stdout:
        _print(view)


@app.command()
def confirm(
    ctx: typer.Context,
    sync: Sync,
    digest: Digest = None,
    *,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Confirm the removals that were reviewed."""
    decide(ctx, sync, Action.CONFIRM, digest=digest, wait=wait, as_json=as_json)


@app.command("check-again")
def check_again(
    ctx: typer.Context, sync: Sync, *, wait: Wait = False, as_json: AsJson = False
) -> None:
    """Look for new Clever data."""
    decide(ctx, sync, Action.CHECK_AGAIN, wait=wait, as_json=as_json)


@app.command()
def accept(
    ctx: typer.Context,
    sync: Sync,
    digest: Digest = None,
    *,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Accept the data configuration that was reviewed."""
    decide(ctx, sync, Action.ACCEPT, digest=digest, wait=wait, as_json=as_json)


@app.command("leave-out")
def leave_out(
    ctx: typer.Context, sync: Sync, *, wait: Wait = False, as_json: AsJson = False
) -> None:
    """Leave out the contacts in doubt, from now on."""
    decide(ctx, sync, Action.LEAVE_OUT, wait=wait, as_json=as_json)


@app.command()
def fixed(ctx: typer.Context, sync: Sync, *, wait: Wait = False, as_json: AsJson = False) -> None:
    """Say that Clever is connected again."""
    decide(ctx, sync, Action.FIXED, wait=wait, as_json=as_json)


def _write_removed(store: SnapshotStore, row: SyncRow, view: HoldView, path: Path | None) -> None:
    """Write the records that would be removed; `path` None for standard output."""
    held = [reason for reason in view.reasons if reason.reason == Reason.DATA_REMOVALS]
    if not held:
        raise CliError(f"the sync {row.id} is not on hold for data removals; it is {row.state}")
    prefix = layout.evaluation_prefix(row.district_id, row.id, held[0].evaluation_no)
    rows = _removed(store, layout.removed_ref(prefix))
    try:
        if path is None:
            write_csv(sys.stdout, CSV_COLUMNS, rows)
            return
        with written(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            count = write_csv(file, CSV_COLUMNS, rows)
    except SnapshotLostError as error:
        raise CliError(f"the records of {row.id} are no longer kept: {error}") from error
    except SnapshotStoreError as error:
        raise CliError(str(error)) from error
    note(f"{count} records written to {path}")


def _removed(store: SnapshotStore, ref: str) -> Iterator[tuple[object, ...]]:
    frame = store.scan([ref]).select(pl.col(CSV_COLUMNS)).collect()
    for part in frame.iter_slices(ROWS_AT_ONCE):
        yield from part.iter_rows()


def _print(view: HoldView) -> None:
    say(f"{view.sync} of {view.district_name}: {view.state}")
    if not view.reasons:
        say("Nothing is on hold.")
    else:
        say(f"on hold for {ago(view.opened_at)}")
    for reason in view.reasons:
        answered = " (answered)" if reason.answered else ""
        say(f"\n{reason.reason}{answered}: {reason.sentence}")
        say(f"digest {reason.digest}")
        for finding in view.findings:
            if finding.reason == reason.reason:
                say(f"  - {finding.sentence} [{_measured(finding)}]")
    if view.decisions:
        say("\ndecided:")
        for decision in view.decisions:
            say(f"  {decision.at:%Y-%m-%d %H:%M:%S}  {decision.action}  {decision.who}")


def _measured(finding: FindingView) -> str:
    limit = "" if finding.limit is None else f", limit {finding.limit:g}"
    return f"{finding.rule} {finding.measured:.4g}{limit}"
