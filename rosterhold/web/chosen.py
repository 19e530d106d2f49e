"""The page between choosing schools and answering for them: what exactly would be answered."""

from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rosterhold.adapters.database import views
from rosterhold.statemachine.answers import FOR_CHOSEN
from rosterhold.statemachine.decisions import ANSWERS, Action
from rosterhold.statemachine.reasons import Reason
from rosterhold.web.choices import TYPED_FROM, records_left
from rosterhold.web.pages import page
from rosterhold.web.security import district_of, form_token, own_sync, visitor_of
from rosterhold.web.site import site_of

_MOST_SCHOOLS: Final = 5_000


def chosen(request: Request) -> Response:
    """What an answer for chosen schools covers, and the button; back to the report for none."""
    site = site_of(request)
    action = request.query_params.get("action", "")
    schools = frozenset(request.query_params.getlist("school")[:_MOST_SCHOOLS])
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
        district = district_of(conn, sync)
    if not visitor.may_decide:
        raise HTTPException(403)
    if hold is None or action not in FOR_CHOSEN:
        raise HTTPException(404)
    meant = ANSWERS[Action(action)]
    line = next((one for one in hold.reasons if Reason(one.reason) in meant), None)
    found = [
        one
        for one in hold.findings
        if one.school in schools and Reason(one.reason) in meant and not one.answered
    ]
    if line is None or line.answered or not found:
        return RedirectResponse(f"{site.base}/syncs/{sync.id}#choices-title", 303)
    asked = {one.school for one in found}
    records = records_left(site.store, sync, hold, line, asked)
    return page(
        request,
        "chosen.html",
        district=district,
        sync_id=sync.id,
        action=action,
        # What was on the page where the schools were chosen: it may be older than this one.
        digest=request.query_params.get("digest", ""),
        evaluation=request.query_params.get("evaluation", ""),
        schools=msgspec.json.encode(sorted(asked)).decode(),
        findings=found,
        places={one.school: one.school_name for one in found},
        is_all=asked == set(line.schools_left),
        records=records,
        needs_number=action == Action.CONFIRM and records >= TYPED_FROM,
        csrf=form_token(request, visitor),
    )


ROUTES: Final = (Route("/syncs/{sync_id}/chosen", chosen),)
