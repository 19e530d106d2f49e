"""`rosterhold purge`: delete the files of old syncs now, as the scheduler does once a day."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from rosterhold.cli.output import DONE, FAILED, AsJson, note, print_json, print_table, say
from rosterhold.cli.session import services_of
from rosterhold.config.settings import Settings
from rosterhold.workers.purge import Purge, PurgedSync
from rosterhold.workers.purge import purge as purge_now

app = typer.Typer()


class PurgeView(msgspec.Struct, frozen=True):
    """What `purge --json` prints; `forgotten` counts records by kind."""

    dry_run: bool
    retention_days: int
    forget_removed_days: int | None
    purged: list[dict[str, Any]]
    forgotten: dict[str, int]
    failed: list[dict[str, str]]


@app.command()
def purge(
    ctx: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be deleted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the files of syncs that are older than ROSTERHOLD_RETENTION_DAYS.

    The baseline's files and those of an open sync stay. Exit 1 when something could not be deleted.
    """
    with services_of(ctx) as services:
        done = purge_now(services, dry_run=dry_run)
        view = _view(done, services.settings, dry_run=dry_run)
    if as_json:
        print_json(view)
    else:
        _print(done, view)
    raise typer.Exit(FAILED if done.failed else DONE)


def _view(done: Purge, settings: Settings, *, dry_run: bool) -> PurgeView:
    return PurgeView(
        dry_run,
        settings.retention_days,
        settings.forget_removed_days,
        [_line(sync) for sync in done.purged],
        {kind: count for kind, count in done.forgotten.items() if count},
        [{"district": one.district_id, "why": one.why} for one in done.failed],
    )


def _line(sync: PurgedSync) -> dict[str, str | int | datetime | None]:
    return {
        "sync": sync.sync_id,
        "district": sync.district_id,
        "finished_at": sync.finished_at,
        "files": sync.files,
    }


def _print(done: Purge, view: PurgeView) -> None:
    if done.purged:
        rows = [(one.sync_id, one.district_id, one.finished_at, one.files) for one in done.purged]
        print_table(("sync", "district", "finished", "files"), rows, empty="")
    else:
        say(f"No sync that finished {view.retention_days} days ago or earlier has files to delete.")
    would = "would be " if view.dry_run else ""
    if done.purged:
        files = sum(one.files for one in done.purged)
        say(f"{files} files of {len(done.purged)} syncs {would}deleted.")
    for kind, count in view.forgotten.items():
        say(f"{count} removed {kind} {would}blanked.")
    for one in done.failed:
        note(f"error: district {one.district_id}: {one.why}")
