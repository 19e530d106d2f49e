"""What starting and deciding have in common: ring the doorbell, wait if asked, print, exit."""

import getpass
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from rosterhold.adapters.database import decisions, views
from rosterhold.adapters.database.decisions import Decided, Person, Started
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.views import HoldView, SyncView
from rosterhold.cli.output import DONE, FAILED, ON_HOLD, CliError, note, print_json, say
from rosterhold.cli.session import services_of
from rosterhold.cli.words import FROM_WHERE, the_sync
from rosterhold.config.wiring import Services
from rosterhold.roster.wording import nothing_new_words
from rosterhold.statemachine.answers import EVERYTHING, Scope
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
    scope: Scope = EVERYTHING,
    wait: bool,
    as_json: bool,
) -> None:
    """Take a decision, and leave with its exit code."""
    with services_of(ctx) as services:
        with services.database.reading() as conn:
            sync = the_sync(conn, word)
            schools = _clever_ids(views.hold_view(conn, sync.id), scope)
        outcome = decisions.decide(
            services.database,
            services.store,
            sync_id=sync.id,
            action=action,
            digest=digest,
            person=the_person(),
            schools=schools,
            findings=scope.findings,
        )
        taken = accepted(outcome)
        code = finish(services, taken.sync_id, taken.work, wait=wait, as_json=as_json)
    raise typer.Exit(code)


def _clever_ids(hold: HoldView | None, scope: Scope) -> list[str] | None:
    """The schools of a scope by their Clever ids; they may be given by name as well."""
    if hold is None or scope.schools is None:
        return None
    named = {finding.school_name.lower(): finding.school for finding in hold.findings}
    known = {finding.school for finding in hold.findings}
    return [
        word if word in known else named.get(word.lower(), word) for word in sorted(scope.schools)
    ]


def the_person() -> Person:
    """Who sits at this command line."""
    try:
        return Person(getpass.getuser(), FROM_WHERE)
    except (KeyError, OSError):
        # A container's user may have no name.
        return Person(f"user {os.getuid()}", FROM_WHERE)


def accepted(outcome: Decided | Refused) -> Decided:
    if isinstance(outcome, Refused):
        raise CliError(outcome.sentence)
    return outcome


def finish(
    services: Services,
    sync_id: str,
    work: Sequence[Written],
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """Hand the work over, wait if asked, print the sync and give the exit code."""
    _ring(services, work, wait=wait)
    view, code = _at_rest(services, sync_id) if wait else (sync_view(services, sync_id), DONE)
    if as_json:
        print_json(view)
    else:
        say(sentence(view, waited=wait))
    return code


def finish_all(services: Services, started: Sequence[Started], *, wait: bool, as_json: bool) -> int:
    """The same for several syncs; the exit code is that of the one that went worst."""
    _ring(services, [row for one in started for row in one.work], wait=wait)
    views, codes = [], {DONE}
    for one in started:
        view, code = _at_rest(services, one.sync_id) if wait else (None, DONE)
        views.append(view or sync_view(services, one.sync_id))
        codes.add(code)
        if not as_json:
            say(sentence(views[-1], waited=wait))
    if as_json:
        print_json(views)
    return next(code for code in (FAILED, ON_HOLD, DONE) if code in codes)


def _ring(services: Services, work: Sequence[Written], *, wait: bool) -> None:
    # A queue inside this process has somebody at it only while we wait.
    if wait or services.settings.redis_url is not None:
        services.doorbell.ring(work)


def _at_rest(services: Services, sync_id: str) -> tuple[SyncView, int]:
    """A sync when it rests, and the exit code."""
    # Who waits may have to work, which needs everything that a worker does.
    from rosterhold.cli import follow  # noqa: PLC0415 - as said

    view = sync_view(services, sync_id)
    try:
        with follow.progress_display(follow.records_before(services, view)) as display:
            rests = follow.follow(services, view.id, display)
            return rests, follow.exit_code(rests)
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
    if view.nothing_new_since:
        return f"{view.id} completed. {nothing_new_words(view.nothing_new_since, 'UTC')}"
    if state is SyncState.COMPLETED:
        added, changed, removed = (
            sum(counts.get(name, 0) for counts in view.counts.values())
            for name in ("added", "changed", "removed")
        )
        return f"{view.id} completed: {added} added, {changed} changed, {removed} removed."
    queued = "" if waited or state.is_final else " A worker goes on with it."
    return f"{view.id} is {state}.{queued}"
