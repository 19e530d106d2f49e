"""Waiting until a sync rests: with a progress display, and working ourselves when nobody does."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from rosterhold.adapters.database import views
from rosterhold.adapters.database.emails import EmailStatus
from rosterhold.adapters.database.tables import emails, outbox
from rosterhold.adapters.database.views import SyncView
from rosterhold.cli.output import DONE, FAILED, ON_HOLD, CliError, note
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SYNC_STEPS, SyncState
from rosterhold.workers.pool import WorkerPool
from rosterhold.workers.sweep import somebody_works

LOOK_EVERY_S: Final = 0.2
ASK_WHO_WORKS_EVERY_S: Final = 2.0
SAY_NOBODY_WORKS_AFTER_S: Final = 5.0

WORDS: Final = {
    SyncState.FETCHING: "reading Clever",
    SyncState.EVALUATING: "comparing with the roster",
    SyncState.APPLYING: "writing the roster",
    SyncState.HELD_DISCONNECTED: "Clever is disconnected",
    SyncState.HELD_CONFIGURATION: "somebody must look at the configuration",
    SyncState.HELD_REMOVALS: "somebody must look at the removals",
    SyncState.RESUMED: "going on",
    SyncState.COMPLETED: "the roster is up to date",
    SyncState.CANCELLED: "nothing was applied",
    SyncState.FAILED: "nothing was applied",
}


class Display(Protocol):
    """Shows a sync while somebody waits for it."""

    def show(self, view: SyncView) -> None: ...


def follow(
    services: Services, sync_id: str, display: Display, *, works_here: bool = False
) -> SyncView:
    """Wait until a sync rests: it is final or on hold, and its mails were tried once.

    Without a Redis, whoever waits does the work when no other process does; `works_here` says
    that this process has workers already.
    """
    crew = _Crew(services, settled=works_here)
    with ExitStack() as stack:
        while True:
            with services.database.reading() as conn:
                view = views.sync_view(conn, sync_id)
                rests = view is not None and _rests(conn, view, services.database.now(conn))
            if view is None:
                raise CliError(f"the sync {sync_id} is gone")
            display.show(view)
            if rests:
                return view
            crew.see_to_it(stack)
            time.sleep(LOOK_EVERY_S)


def exit_code(view: SyncView) -> int:
    state = SyncState(view.state)
    if state is SyncState.COMPLETED:
        return DONE
    return ON_HOLD if state.is_on_hold else FAILED


def _rests(conn: sa.Connection, view: SyncView, now: datetime) -> bool:
    state = SyncState(view.state)
    return (state.is_final or state.is_on_hold) and not _has_work(conn, view.id, now)


def _has_work(conn: sa.Connection, sync_id: str, now: datetime) -> bool:
    """Whether something is still to be done for a sync; a mail counts until it was tried."""
    untried = sa.exists().where(
        emails.c.id == outbox.c.subject,
        emails.c.status == EmailStatus.WAITING.value,
        emails.c.attempts == 0,
        # One that waits for the morning is not waited for.
        outbox.c.due_at <= now,
    )
    found = conn.execute(
        sa.select(outbox.c.id)
        .where(
            outbox.c.sync_id == sync_id,
            outbox.c.given_up_at.is_(None),
            sa.or_(outbox.c.work.in_(SYNC_STEPS), untried),
        )
        .limit(1)
    )
    return found.first() is not None


@dataclass(slots=True)
class _Crew:
    """Sees to it that somebody works."""

    services: Services
    settled: bool
    _began: float = field(default_factory=time.monotonic)
    _asked: float = float("-inf")

    def see_to_it(self, stack: ExitStack) -> None:
        now = time.monotonic()
        if self.settled or now - self._asked < ASK_WHO_WORKS_EVERY_S:
            return
        self._asked = now
        if somebody_works(self.services):
            return
        if self.services.settings.redis_url is None:
            self.settled = True
            stack.enter_context(WorkerPool(self.services))
        elif now - self._began > SAY_NOBODY_WORKS_AFTER_S:
            self.settled = True
            note("no worker is running; the work is queued (`rosterhold worker` does it)")


class Lines:
    """A line for each new state, for pipes and log files."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def show(self, view: SyncView) -> None:
        if view.state != self._last:
            self._last = view.state
            read = f", {_records(view)}" if view.state == SyncState.EVALUATING else ""
            words = WORDS[SyncState(view.state)]
            self._console.print(f"{view.state}: {words}{read}", soft_wrap=True)


class Bar:
    """A live line a state."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._task: TaskID | None = None
        self._last = ""

    def show(self, view: SyncView) -> None:
        state = SyncState(view.state)
        if self._task is None or view.state != self._last:
            self._end()
            self._last = view.state
            self._task = self._progress.add_task(WORDS[state], total=None, records="")
        if state is SyncState.FETCHING:
            read = sum(view.progress.values())
            self._progress.update(
                self._task, completed=read, total=self._total, records=_records(view)
            )
        if not state.is_running:
            self._end()

    def _end(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)


@contextmanager
def progress_display(total: int | None = None, console: Console | None = None) -> Iterator[Display]:
    """A display: live on a terminal, lines elsewhere.

    Args:
        total: about how many records there will be to read, if known.
        console: where to; standard error without it.
    """
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        BarColumn(bar_width=32),
        TimeElapsedColumn(),
        TextColumn("{task.fields[records]}"),
        console=console,
    ) as progress:
        yield Bar(progress, total)


def records_before(services: Services, view: SyncView) -> int | None:
    """How many records the district had when it was last applied; None before its first sync."""
    with services.database.reading() as conn:
        done = views.sync_views(conn, district_id=view.district, applied_only=True, limit=1)
    return sum(counts.get("total", 0) for counts in done[0].counts.values()) if done else None


def _records(view: SyncView) -> str:
    read = sum(view.progress.values())
    return f"{read:,} records read" if read else ""
