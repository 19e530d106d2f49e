"""What starting and deciding have in common: ring the doorbell, wait if asked, print, exit."""

from typing import Annotated

import typer

from rosterhold.adapters.database import decisions, views
from rosterhold.adapters.database.decisions import Decided
from rosterhold.adapters.database.views import SyncView
from rosterhold.cli.follow import exit_code, follow, progress_display, records_before
from rosterhold.cli.output import DONE, CliError, note, print_json, say
from rosterhold.cli.session import services_of, the_person, the_sync
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action, Refused

Wait = Annotated[
    bool,
    typer.Option(
        "--wait", help="Follow the sync; exit 0 when completed, 3 on hold, 1 when it failed."
    ),
]
Sync = Annotated[
    str, typer.Argument(help="The sync's id, or its district's id (ours or Clever's).")
]


def decide(
    ctx: typer.Context,
    word: str,
    action: Action,
    *,
    digest: str | None = None,
    wait: bool,
    as_json: bool,
) -> None:
    """Take a decision, and leave with its exit code."""
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            sync = the_sync(conn, word)
        outcome = decisions.decide(
            services.database,
            services.store,
            sync_id=sync.id,
            action=action,
            digest=digest,
            person=the_person(),
        )
        taken = accepted(outcome)
        code = finish(services, taken.sync_id, taken.work, wait=wait, as_json=as_json)
    raise typer.Exit(code)


def accepted(outcome: Decided | Refused) -> Decided:
    if isinstance(outcome, Refused):
        raise CliError(outcome.sentence)
    return outcome


def finish(
    services: Services,
    sync_id: str,
    work: tuple[tuple[int, str], ...],
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """Hand the work over, wait if asked, print the sync and give the exit code."""
    services.doorbell.ring(work)
    view = sync_view(services, sync_id)
    code = DONE
    if wait:
        view = _wait(services, view)
        code = exit_code(view)
    if as_json:
        print_json(view)
    else:
        say(sentence(view, waited=wait))
    return code


def _wait(services: Services, view: SyncView) -> SyncView:
    try:
        with progress_display(records_before(services, view)) as display:
            return follow(services, view.id, display)
    except KeyboardInterrupt:
        note(f"not waiting any more; the sync {view.id} stays as it is and goes on with a worker")
        raise


def sync_view(services: Services, sync_id: str) -> SyncView:
    with services.database.reading() as conn:
        view = views.sync_view(conn, sync_id)
    if view is None:
        raise CliError(f"there is no sync {sync_id}")
    return view


def sentence(view: SyncView, *, waited: bool) -> str:
    """What became of a sync, for people."""
    state = SyncState(view.state)
    if state.is_on_hold:
        return f"{view.id} is on hold ({state}); `rosterhold hold show {view.id}` shows why."
    if state is SyncState.FAILED:
        return f"{view.id} failed: {view.failure or 'no reason was kept'}"
    if state is SyncState.COMPLETED:
        added, changed, removed = (
            sum(counts.get(name, 0) for counts in view.counts.values())
            for name in ("added", "changed", "removed")
        )
        return f"{view.id} completed: {added} added, {changed} changed, {removed} removed."
    queued = "" if waited or state.is_final else " A worker goes on with it."
    return f"{view.id} is {state}.{queued}"
