"""`rosterhold hold`: what is on hold and why, and the decisions."""

from pathlib import Path
from typing import Annotated

import typer

from rosterhold.adapters.database import views
from rosterhold.adapters.database.views import DecisionView, FindingView, HoldView
from rosterhold.cli.deciding import Sync, Wait, decide
from rosterhold.cli.output import (
    AsJson,
    CliError,
    print_json,
    print_table,
    say,
)
from rosterhold.cli.session import database_of, services_of
from rosterhold.cli.words import ago, the_sync
from rosterhold.statemachine.answers import Scope, scope_of
from rosterhold.statemachine.decisions import Action

app = typer.Typer(help="Holds: list, show, and the decisions.")

Digest = Annotated[str | None, typer.Option(help="Of what was reviewed; `hold show` prints it.")]
Schools = Annotated[
    list[str] | None,
    typer.Option("--school", help="Only for this school: its Clever id or its name. Repeatable."),
]
DistrictWide = Annotated[
    bool, typer.Option("--district-wide", help="Only what was found of the district as a whole.")
]
Findings = Annotated[
    list[int] | None,
    typer.Option("--finding", min=1, help="Only this one, as `hold show` numbers it. Repeatable."),
]


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
            # Frames need Polars, the rest of this module does not.
            from rosterhold.cli import removed  # noqa: PLC0415 - as said

            removed.write(services.store, row, view, None if to_stdout else csv_file)
    if as_json:
        print_json(view)
    elif not to_stdout:
        _print(view)


@app.command()
def confirm(
    ctx: typer.Context,
    sync: Sync,
    digest: Digest = None,
    school: Schools = None,
    finding: Findings = None,
    *,
    district_wide: DistrictWide = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Confirm the removals that were reviewed: all that are left, or only some."""
    scope = _scope(school, finding, district_wide=district_wide)
    decide(ctx, sync, Action.CONFIRM, digest=digest, scope=scope, wait=wait, as_json=as_json)


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
    school: Schools = None,
    finding: Findings = None,
    *,
    district_wide: DistrictWide = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Accept the data configuration that was reviewed: all that is left, or only some."""
    scope = _scope(school, finding, district_wide=district_wide)
    decide(ctx, sync, Action.ACCEPT, digest=digest, scope=scope, wait=wait, as_json=as_json)


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


def _scope(schools: list[str] | None, findings: list[int] | None, *, district_wide: bool) -> Scope:
    places = [*(schools or []), *([""] if district_wide else [])]
    return scope_of(places or None, findings or None)


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
                say(f"  {finding.no}. {finding.sentence} [{_measured(finding)}]{_by(finding)}")
    if view.decisions:
        say("\ndecided:")
        for decision in view.decisions:
            where = f"  ({_where(decision)})" if decision.partly else ""
            say(f"  {decision.at:%Y-%m-%d %H:%M:%S}  {decision.action}  {decision.who}{where}")


def _by(finding: FindingView) -> str:
    if finding.answered_by is None:
        return ""
    return f" (answered by {finding.answered_by})"


def _where(decision: DecisionView) -> str:
    return ", ".join(name or "district-wide" for name in decision.school_names)


def _measured(finding: FindingView) -> str:
    limit = "" if finding.limit is None else f", limit {finding.limit:g}"
    return f"{finding.rule} {finding.measured:.4g}{limit}"
