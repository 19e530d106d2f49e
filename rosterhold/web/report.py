"""The SIS sync report: what happened, what would be removed, why, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rosterhold.adapters import layout
from rosterhold.adapters.database import views
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import FindingView, HoldView, OpenHoldView
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.roster.wording import receipt_lines
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.decisions import Action, Answered, judge
from rosterhold.statemachine.reasons import Reason
from rosterhold.web import words
from rosterhold.web.bars import Bar, bar
from rosterhold.web.pages import page
from rosterhold.web.records import records_page, records_query
from rosterhold.web.security import form_token, own_sync, visitor_of
from rosterhold.web.site import site_of

# So many findings are shown at once; the others open on a click.
SHOWN_FINDINGS: Final = 8

# So many records are shown on the report itself; the others stand on pages of their own.
PREVIEW_ROWS: Final = 10

# From so many on, confirming needs more than a click.
TYPED_FROM: Final = 101

# What leaving contacts out is a cure for.
_CONTACT_RULES: Final = frozenset({"contact_types", "guardians_per_student"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that the open reasons allow, and what its form carries."""

    action: Action
    digest: str
    evaluation_no: int
    records: int
    only_new_ids: bool

    @property
    def needs_number(self) -> bool:
        """Whether the number of records has to be typed."""
        return self.action is Action.CONFIRM and self.records >= TYPED_FROM


@dataclass(frozen=True, slots=True)
class ShownReason:
    """One open reason with its findings; `facts` are kind, fact and number of records."""

    hold: OpenHoldView
    findings: Sequence[tuple[FindingView, Bar | None]]
    facts: Sequence[tuple[str, str, int]]
    only_new_ids: bool


def home(request: Request) -> Response:
    """The syncs of the visitor's district, newest first."""
    with site_of(request).database.reading() as conn:
        visitor = visitor_of(request, conn)
        syncs = views.sync_views(conn, district_id=visitor.district.id, limit=50)
    return page(request, "syncs.html", district=visitor.district, syncs=syncs)


def report(request: Request) -> Response:
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        view = views.sync_view(conn, sync.id)
        hold = views.hold_view(conn, sync.id)
        history = views.history(conn, sync.id)
    if view is None or hold is None:
        raise HTTPException(404)
    records = None
    if sync.state.is_on_hold or sync.state is SyncState.COMPLETED:
        records = records_page(
            site.store, _removed_ref(sync, hold), records_query(request.query_params)
        )
    return page(
        request,
        "report.html",
        district=visitor.district,
        sync=view,
        state=sync.state,
        hold=hold,
        held_for=None if sync.held_since is None else words.lasting(site.clock() - sync.held_since),
        reasons=_reasons(site.store, sync, hold) if sync.state.is_on_hold else [],
        shown_findings=SHOWN_FINDINGS,
        preview_rows=PREVIEW_ROWS,
        choices=choices(sync, hold),
        csrf=form_token(request, visitor),
        records=records,
        steps=words.STEPS,
        receipt=receipt_lines(sync.receipt or {}),
        history=history,
    )


def records(request: Request) -> Response:
    """The table of records on a page of its own, for searching."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
    if hold is None:
        raise HTTPException(404)
    shown = records_page(site.store, _removed_ref(sync, hold), records_query(request.query_params))
    return page(
        request, "records.html", district=visitor.district, sync_id=sync.id, state=sync.state,
        records=shown,
    )  # fmt: skip


def choices(sync: SyncRow, hold: HoldView) -> list[Choice]:
    """The buttons that the chart and the open reasons allow, in the order of Action."""
    waiting = {Reason(line.reason): line for line in hold.reasons if not line.answered}
    digests = {reason: line.digest for reason, line in waiting.items()}
    allowed = []
    for action in Action:
        for line in waiting.values():
            verdict = judge(sync.state, digests, action, line.digest)
            if isinstance(verdict, Answered) and verdict.reason == line.reason:
                only_new_ids = _only_new_ids(hold, line)
                allowed.append(
                    Choice(action, line.digest, line.evaluation_no, line.records, only_new_ids)
                )
                break
    rules = {finding.rule for finding in hold.findings}
    if not rules & _CONTACT_RULES:
        allowed = [choice for choice in allowed if choice.action is not Action.LEAVE_OUT]
    return allowed


def _only_new_ids(hold: HoldView, line: OpenHoldView) -> bool:
    """Whether nothing but a mass change of ids stands behind a reason: nobody is removed."""
    rules = {finding.rule for finding in hold.findings if finding.reason == line.reason}
    return rules == {"reidentified"}


def _removed_ref(sync: SyncRow, hold: HoldView) -> str:
    """What the open hold is about; without one, what the last evaluation found."""
    held = [line for line in hold.reasons if line.reason == Reason.DATA_REMOVALS]
    number = held[0].evaluation_no if held else sync.evaluation_no
    return layout.removed_ref(layout.evaluation_prefix(sync.district_id, sync.id, number))


def _reasons(store: SnapshotStore, sync: SyncRow, hold: HoldView) -> list[ShownReason]:
    shown = []
    for line in hold.reasons:
        findings = [finding for finding in hold.findings if finding.reason == line.reason]
        facts: Sequence[tuple[str, str, int]] = ()
        if line.reason == Reason.DATA_CONFIGURATION:
            prefix = layout.evaluation_prefix(sync.district_id, sync.id, line.evaluation_no)
            facts = _facts(store, layout.subjects_ref(prefix, Reason.DATA_CONFIGURATION))
        drawn = [(one, bar(one)) for one in findings]
        shown.append(ShownReason(line, drawn, facts, _only_new_ids(hold, line)))
    return shown


def _facts(store: SnapshotStore, ref: str) -> Sequence[tuple[str, str, int]]:
    """How many records each fact was found of, most first."""
    try:
        counted = (
            store.scan([ref])
            .group_by("kind", "fact")
            .agg(pl.col("key").n_unique().alias("records"))
            .sort("records", "fact", descending=[True, False])
            .collect()
        )
    except SnapshotLostError:
        return ()
    return list(counted.iter_rows())
