"""Taking an answer from the report's forms."""

from typing import Final
from urllib.parse import parse_qsl

import polars as pl
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rosterhold.adapters import layout
from rosterhold.adapters.database import views
from rosterhold.adapters.database.decisions import Decided, Person, decide
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import DecisionView, HoldView
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.decisions import Action
from rosterhold.statemachine.findings import SUBJECT_COLUMNS
from rosterhold.statemachine.reasons import Reason
from rosterhold.web.pages import page
from rosterhold.web.report import TYPED_FROM
from rosterhold.web.security import Visitor, check_form_token, own_sync, visitor_of
from rosterhold.web.site import site_of

LARGEST_BODY: Final = 64 * 1024
_MOST_FIELDS: Final = 20


async def post_decision(request: Request) -> Response:
    form = await _form(request)
    return await run_in_threadpool(_answer, request, form)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        HTTPException: 413 when it is larger than LARGEST_BODY, 400 when it is no form.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413)
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise HTTPException(400) from error


def _answer(request: Request, form: dict[str, str]) -> Response:
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        check_form_token(request, visitor, form.get("csrf", ""))
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
    if hold is None or form.get("action") not in set(Action):
        raise HTTPException(400)
    action = Action(form["action"])
    digest = form.get("digest") or None
    missing = _missing_number(hold, action, digest, form.get("count", ""))
    if missing:
        return _refused(request, visitor, sync, hold, "Nothing was done", missing)
    outcome = decide(
        site.database,
        site.store,
        sync_id=sync.id,
        action=action,
        digest=digest,
        person=Person(visitor.email, request.client.host if request.client else ""),
    )
    if isinstance(outcome, Decided):
        site.doorbell.ring(outcome.work)
        return RedirectResponse(f"{site.base}/syncs/{sync.id}", 303)
    if _last_decision(hold, action) is not None and outcome.code != "outdated":
        heading = "This was decided already"
    else:
        heading = "Nothing was done"
    evaluation = form.get("evaluation", "")
    return _refused(
        request,
        visitor,
        sync,
        hold,
        heading,
        outcome.sentence,
        _differences(site.store, sync, hold, action, evaluation)
        if outcome.code == "outdated"
        else (),
    )


def _missing_number(hold: HoldView, action: Action, digest: str | None, typed: str) -> str:
    """Why a confirmation of many removals does not stand without their number; "" if it does."""
    held = next((line for line in hold.reasons if line.reason == Reason.DATA_REMOVALS), None)
    if action is not Action.CONFIRM or held is None or held.digest != digest:
        return ""
    if held.records < TYPED_FROM or typed.strip().replace(",", "") == str(held.records):
        return ""
    return (
        f"Your answer would cover {held.records:,} records. To make sure, please type "
        "exactly this number into the field beside the button."
    )


def _last_decision(hold: HoldView, action: Action) -> DecisionView | None:
    return next((one for one in reversed(hold.decisions) if one.action == action), None)


def _differences(
    store: SnapshotStore, sync: SyncRow, hold: HoldView, action: Action, evaluation: str
) -> tuple[str, ...]:
    """How what is on hold now differs from what was on the page that was answered."""
    reason = Reason.DATA_REMOVALS if action is Action.CONFIRM else Reason.DATA_CONFIGURATION
    line = next((line for line in hold.reasons if line.reason == reason), None)
    if line is None or not (evaluation.isascii() and evaluation.isdecimal()):
        return ()
    refs = [
        layout.subjects_ref(layout.evaluation_prefix(sync.district_id, sync.id, number), reason)
        for number in (int(evaluation), line.evaluation_no)
    ]
    try:
        then, now = (store.scan([ref]).select(SUBJECT_COLUMNS).unique() for ref in refs)
        fresh = now.join(then, on=SUBJECT_COLUMNS, how="anti").select(pl.len())
        gone = then.join(now, on=SUBJECT_COLUMNS, how="anti").select(pl.len())
        numbers = [frame.item() for frame in pl.collect_all([fresh, gone])]
    except SnapshotLostError:
        return ()
    return (
        f"{numbers[0]:,} records are on hold now that were not on the page you answered.",
        f"{numbers[1]:,} records of the page you answered are no longer on hold.",
    )


def _refused(
    request: Request,
    visitor: Visitor,
    sync: SyncRow,
    hold: HoldView,
    heading: str,
    why: str,
    differences: tuple[str, ...] = (),
) -> Response:
    return page(
        request,
        "refused.html",
        status=409,
        district=visitor.district,
        sync=sync,
        heading=heading,
        why=why,
        differences=differences,
        decisions=hold.decisions[-3:],
    )
