"""Taking an answer from the report's forms."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rosterhold.adapters.database import views
from rosterhold.adapters.database.decisions import Decided, Person, decide
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import DecisionView, HoldView
from rosterhold.roster.language import N_
from rosterhold.roster.store import SnapshotStore
from rosterhold.statemachine.decisions import Action
from rosterhold.statemachine.reasons import Reason
from rosterhold.web import words
from rosterhold.web.choices import TYPED_FROM, records_left
from rosterhold.web.differences import Difference, difference
from rosterhold.web.forms import form_of
from rosterhold.web.language import language_of
from rosterhold.web.pages import page
from rosterhold.web.security import (
    check_form_token,
    client_of,
    district_of,
    own_sync,
    visitor_of,
)
from rosterhold.web.site import site_of

_NOTHING_DONE: Final = N_("Nothing was done")
_TYPE_THE_NUMBER: Final = N_(
    "Your answer would cover {n} records. To make sure, please type exactly this number into the "
    "field beside the button."
)


async def post_decision(request: Request) -> Response:
    form = await form_of(request)
    return await run_in_threadpool(_answer, request, form)


def _answer(request: Request, form: dict[str, str]) -> Response:
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        check_form_token(request, visitor, form.get("csrf", ""))
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
        district = district_of(conn, sync)
    if not visitor.may_decide:
        raise HTTPException(403)
    if hold is None or form.get("action") not in set(Action):
        raise HTTPException(400)
    language = language_of(request)
    action = Action(form["action"])
    digest = form.get("digest") or None
    schools = _chosen_schools(form)
    missing = _missing_number(site.store, sync, hold, action, form, schools)
    if missing:
        why = language.say(_TYPE_THE_NUMBER, n=language.number(missing))
        return _refused(request, district, sync, hold, _NOTHING_DONE, why)
    outcome = decide(
        site.database,
        site.store,
        sync_id=sync.id,
        action=action,
        digest=digest,
        person=Person(visitor.email, client_of(request), visitor.session.login_by.value),
        schools=schools,
    )
    if isinstance(outcome, Decided):
        site.doorbell.ring(outcome.work)
        # Who answered for some has more to answer.
        place = "" if schools is None else "#choices-title"
        return RedirectResponse(f"{site.base}/syncs/{sync.id}{place}", 303)
    was_decided = _last_decision(hold, action) is not None and outcome.code != "outdated"
    return _refused(
        request,
        district,
        sync,
        hold,
        N_("This was decided already") if was_decided else _NOTHING_DONE,
        words.refusal_words(outcome, language),
        difference(site.store, sync, hold, action, form.get("evaluation", ""))
        if outcome.code == "outdated"
        else None,
    )


def _chosen_schools(form: dict[str, str]) -> frozenset[str] | None:
    """The schools that a form answers for; None for all of them.

    Raises:
        HTTPException: 400, it is no list of schools.
    """
    if "schools" not in form:
        return None
    try:
        return frozenset(msgspec.json.decode(form["schools"], type=list[str]))
    except msgspec.DecodeError as error:
        raise HTTPException(400) from error


def _missing_number(
    store: SnapshotStore,
    sync: SyncRow,
    hold: HoldView,
    action: Action,
    form: dict[str, str],
    schools: frozenset[str] | None,
) -> int:
    """The number that a confirmation of many removals does not stand without; 0 if it does."""
    held = next((line for line in hold.reasons if line.reason == Reason.DATA_REMOVALS), None)
    if action is not Action.CONFIRM or held is None or held.digest != form.get("digest"):
        return 0
    records = records_left(store, sync, hold, held, schools)
    typed = form.get("count", "").strip().replace(",", "")
    return 0 if records < TYPED_FROM or typed == str(records) else records


def _last_decision(hold: HoldView, action: Action) -> DecisionView | None:
    return next((one for one in reversed(hold.decisions) if one.action == action), None)


def _refused(
    request: Request,
    district: DistrictRow,
    sync: SyncRow,
    hold: HoldView,
    heading: str,
    why: str,
    found: Difference | None = None,
) -> Response:
    return page(
        request,
        "refused.html",
        status=409,
        district=district,
        sync=sync,
        heading=language_of(request).say(heading),
        why=why,
        difference=found,
        decisions=hold.decisions[-3:],
    )
