"""The dashboard of a district: how it stands, what waits, its schools and its syncs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rosterhold.adapters.database import syncs, views
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.views import DecisionView, HoldView, SyncView
from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.shape import Guess, likely_shape
from rosterhold.statemachine.standing import Standing, Waiting
from rosterhold.web import words
from rosterhold.web.evaluated import evaluated, no_tally
from rosterhold.web.language import language_of
from rosterhold.web.pages import page
from rosterhold.web.schools import School, schools_of, schools_page, schools_query
from rosterhold.web.security import district_in_view, visitor_of
from rosterhold.web.site import Site, site_of
from rosterhold.web.size_chart import SizeChart, size_chart

# So many syncs are drawn, and stand on the dashboard itself.
_CHARTED: Final = 60
_SHOWN: Final = 8
_HISTORY_ROWS: Final = 100
# What a district asks about, in this order.
_TILES: Final = ("students", "teachers", "staff", "contacts", "sections", "schools")


@dataclass(frozen=True, slots=True)
class Overview:
    """A district as it stands.

    Attributes:
        latest: its open sync, else its last; None before the first.
        applied: the newest syncs that were applied, newest first.
        hold: what is open of `latest`; None when nothing is.
        guess: what most likely happened, if something is on hold.
    """

    syncs: Sequence[SyncView]
    latest: SyncView | None
    applied: Sequence[SyncView]
    hold: HoldView | None
    guess: Guess | None
    schools: Sequence[School]
    decisions: Mapping[str, Sequence[DecisionView]]

    @property
    def tiles(self) -> list[tuple[str, int]]:
        """Kinds with the number of records in the roster."""
        counts = self.applied[0].counts if self.applied else {}
        return [(kind, counts.get(kind, {}).get("total", 0)) for kind in _TILES]

    @property
    def chart(self) -> SizeChart | None:
        is_lost = self.hold is not None and self.hold.state == SyncState.HELD_DISCONNECTED
        return size_chart(self.applied, None if is_lost or not self.hold else self.latest)


def home(request: Request) -> Response:
    """To the visitor's own dashboard, or that of operations; of several districts one is chosen."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
    if visitor.role.is_staff:
        return RedirectResponse(f"{site.base}/operations", 303)
    if visitor.district is not None:
        return RedirectResponse(f"{site.base}/districts/{visitor.district.id}", 303)
    return page(request, "districts.html", districts=visitor.districts)


def dashboard(request: Request) -> Response:
    site = site_of(request)
    with site.database.reading() as conn:
        district = _own_district(request, conn)
        overview = _overview(conn, site, district)
    hold = overview.hold
    return page(
        request,
        "dashboard.html",
        district=district,
        overview=overview,
        hold=hold,
        held_for=_held_for(request, hold),
        at_clever=district.at_clever(site.clock(), language_of(request)),
        guess=words.guess_words(overview.guess, language_of(request)),
        schools=schools_page(overview.schools, schools_query(request.query_params)),
        standings=Standing,
        held_kinds=_held_kinds(overview.schools),
        shown_syncs=overview.syncs[:_SHOWN],
        has_more_syncs=len(overview.syncs) > _SHOWN,
    )


def history(request: Request) -> Response:
    """All syncs of a district, newest first, with who decided what."""
    with site_of(request).database.reading() as conn:
        district = _own_district(request, conn)
        found = views.sync_views(conn, district_id=district.id, limit=_HISTORY_ROWS)
        decisions = views.decisions_of_district(conn, district.id, [sync.id for sync in found])
    return page(request, "syncs.html", district=district, shown_syncs=found, decisions=decisions)


def _own_district(request: Request, conn: sa.Connection) -> DistrictRow:
    """The district that the address names.

    Raises:
        HTTPException: 404, it is another one's; one cannot tell from one that is not there.
    """
    return district_in_view(request, conn, visitor_of(request, conn))


def _overview(conn: sa.Connection, site: Site, district: DistrictRow) -> Overview:
    found = views.sync_views(conn, district_id=district.id, limit=_CHARTED)
    latest = next((sync for sync in found if sync.finished_at is None), found[0] if found else None)
    applied = views.sync_views(conn, district_id=district.id, applied_only=True, limit=_CHARTED)
    hold, guess, waiting, tally = None, None, Waiting(), no_tally()
    row = syncs.load(conn, latest.id) if latest is not None else None
    if row is not None and row.state.is_on_hold:
        hold = views.hold_view(conn, row.id)
    if row is not None and hold is not None:
        tally = evaluated(conn, site.store, district, row, hold).tally()
        waiting = _waiting(row.state, hold, tally)
        grades = tally.filter(pl.col("kind") == "students").group_by("grade")
        guess = likely_shape(
            hold.findings, row.counts, dict(grades.agg(pl.col("n").sum()).iter_rows())
        )
    shown = [sync.id for sync in found[:_SHOWN]]
    return Overview(
        syncs=found,
        latest=latest,
        applied=applied,
        hold=hold,
        guess=guess,
        schools=schools_of(
            conn,
            site.store,
            district,
            waiting,
            tally,
            applied[0].finished_at if applied else None,
        ),
        decisions=views.decisions_of_district(conn, district.id, shown),
    )


def _waiting(state: SyncState, hold: HoldView, tally: pl.DataFrame) -> Waiting:
    reasons = {Reason(line.reason) for line in hold.reasons}
    named = {finding.school for finding in hold.findings if finding.school}
    losing = set(tally["school"]) if Reason.DATA_REMOVALS in reasons else set()
    whole = any(
        finding.reason == Reason.DATA_CONFIGURATION and not finding.school
        for finding in hold.findings
    )
    return Waiting(state, reasons, named | losing, whole)


def _held_for(request: Request, hold: HoldView | None) -> str:
    if hold is None or hold.opened_at is None:
        return ""
    opened: datetime = hold.opened_at
    return words.lasting(site_of(request).clock() - opened, language_of(request))


def _held_kinds(schools: Sequence[School]) -> list[str]:
    """The kinds of which some school would lose records."""
    losing = {kind for school in schools for kind in school.on_hold}
    return [kind for kind in KINDS if kind in losing and not KINDS[kind].is_pair]


ROUTES: Final = (
    Route("/", home),
    Route("/districts/{district_id}", dashboard),
    Route("/districts/{district_id}/syncs", history),
)
