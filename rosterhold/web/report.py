"""The SIS sync report: what happened, what would be removed, why, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rosterhold.adapters.database import districts, views
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import FindingView, HoldView, OpenHoldView
from rosterhold.roster.language import Language
from rosterhold.roster.wording import receipt_lines
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.shape import likely_shape
from rosterhold.web import words
from rosterhold.web.bars import Bar, bar
from rosterhold.web.choices import choices, only_new_ids
from rosterhold.web.evaluated import Evaluated, evaluated
from rosterhold.web.facts import ShownFact, facts_found
from rosterhold.web.language import language_of
from rosterhold.web.losses import losses_of
from rosterhold.web.pages import page
from rosterhold.web.records import records_page, records_query
from rosterhold.web.security import Visitor, district_of, form_token, own_sync, visitor_of
from rosterhold.web.site import site_of

# So many findings are shown at once; the others open on a click.
SHOWN_FINDINGS: Final = 6

# So many records are shown on the report itself; the others stand on pages of their own.
PREVIEW_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with its picture and its records' address."""

    finding: FindingView
    bar: Bar | None
    records: str


@dataclass(frozen=True, slots=True)
class ShownReason:
    """One open reason with its findings, and what was found of their records."""

    hold: OpenHoldView
    findings: Sequence[ShownFinding]
    facts: Sequence[ShownFact]
    only_new_ids: bool


def report(request: Request) -> Response:
    return page(request, "report.html", **_content(request))


def progress(request: Request) -> Response:
    """The report without its frame, for a page that follows a sync; 204 while nothing moved."""
    content = _content(request)
    if request.query_params.get("seen", "") == content["seen"]:
        return Response(status_code=204)
    return page(request, "_live.html", **content)


def records(request: Request) -> Response:
    """The table of records on a page of its own, for searching."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
        if hold is None:
            raise HTTPException(404)
        district = district_of(conn, sync)
        found = evaluated(conn, site.store, district, sync, hold)
    return page(
        request,
        "records.html",
        district=district,
        sync_id=sync.id,
        state=sync.state,
        records=records_page(found, records_query(request.query_params)),
        findings=hold.findings,
    )


def _content(request: Request) -> dict[str, Any]:
    """All that the report shows."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        view = views.sync_view(conn, sync.id)
        hold = views.hold_view(conn, sync.id)
        if view is None or hold is None:
            raise HTTPException(404)
        district = district_of(conn, sync)
        content = {
            "district": district,
            "sync": view,
            "state": sync.state,
            "hold": hold,
            "at_clever": district.at_clever(site.clock(), language_of(request)),
            "seen": f"{view.version}-{sum(view.progress.values())}",
            "csrf": form_token(request, visitor),
            "steps": words.STEPS,
            "history": views.history(conn, sync.id),
            "expected": _expected(conn, sync) if not sync.state.is_on_hold else {},
            "preview_rows": PREVIEW_ROWS,
            "shown_findings": SHOWN_FINDINGS,
        }
        return content | _findings(request, conn, visitor, district, sync, hold)


def _findings(
    request: Request,
    conn: sa.Connection,
    visitor: Visitor,
    district: DistrictRow,
    sync: SyncRow,
    hold: HoldView,
) -> dict[str, Any]:
    """What was found, in pictures, records and words."""
    site, language = site_of(request), language_of(request)
    is_held = sync.state.is_on_hold
    found = evaluated(conn, site.store, district, sync, hold)
    losses = shown = None
    if is_held or sync.state is SyncState.COMPLETED:
        shown = records_page(found, records_query(request.query_params), PREVIEW_ROWS)
    if is_held:
        losses = losses_of(found, districts.policies_of(conn, district))
    guess = likely_shape(hold.findings, sync.counts, losses.grades if losses else {})
    held_for = site.clock() - sync.held_since if sync.held_since is not None else None
    return {
        "losses": losses,
        "records": shown,
        "guess": words.guess_words(guess, language),
        "reasons": _reasons(found, hold, language) if is_held else [],
        "choices": choices(site.store, sync, hold) if visitor.may_decide else [],
        "receipt": receipt_lines(sync.receipt or {}, language),
        "held_for": None if held_for is None else words.lasting(held_for, language),
    }


def _expected(conn: sa.Connection, sync: SyncRow) -> Mapping[str, int]:
    """How many records of each kind there were last time; none at the first."""
    before = views.last_applied(conn, sync.district_id)
    counts = before.counts if before is not None else {}
    return {kind: of.get("total", 0) for kind, of in counts.items()}


def _reasons(found: Evaluated, hold: HoldView, language: Language) -> list[ShownReason]:
    shown = []
    for line in hold.reasons:
        findings = [
            ShownFinding(finding, bar(finding, language), _records_of(finding))
            for finding in hold.findings
            if finding.reason == line.reason
        ]
        facts: Sequence[ShownFact] = ()
        if line.reason == Reason.DATA_CONFIGURATION:
            facts = facts_found(found, language)
        shown.append(ShownReason(line, findings, facts, only_new_ids(hold, line)))
    return shown


def _records_of(finding: FindingView) -> str:
    """The query of a finding's records; "" for a finding about none."""
    if finding.rule == "reidentified":
        return f"?change=reidentified&kind={finding.kind}"
    if finding.reason == Reason.DATA_CONFIGURATION:
        return f"?change=held&finding={finding.no}"
    return f"?finding={finding.no}" if finding.reason == Reason.DATA_REMOVALS else ""


ROUTES: Final = (
    Route("/syncs/{sync_id}", report),
    Route("/syncs/{sync_id}/progress", progress),
    Route("/syncs/{sync_id}/records", records),
)
