"""The way in: the link of a mail becomes a cookie, and the address clean."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rosterhold.adapters.tickets import LINK_DAYS, LINK_MAX_AGE_S
from rosterhold.web.pages import message_page
from rosterhold.web.security import is_administrator, let_in
from rosterhold.web.site import site_of

# The only pages that a link leads to; anything else could lead elsewhere.
_OWN_PAGE: Final = re.compile(r"/(syncs/[0-9A-Za-z]{1,26}(/records)?)?")


def enter(request: Request) -> Response:
    site = site_of(request)
    ticket = site.tickets.read(request.path_params["ticket"], LINK_MAX_AGE_S)
    if ticket is None:
        return _shut(request)
    with site.database.reading() as conn:
        if not is_administrator(conn, ticket):
            return _shut(request)
    wanted = request.query_params.get("next", "/")
    page = wanted if _OWN_PAGE.fullmatch(wanted) else "/"
    response = RedirectResponse(site.base + page, 303)
    let_in(site, response, ticket)
    return response


def _shut(request: Request) -> Response:
    return message_page(
        request,
        403,
        "This link no longer works",
        f"A link works for {LINK_DAYS} days, and only while you are an administrator of the "
        "district. Please use the link in the newest mail about your sync, and copy it as a "
        "whole if clicking does not work. Your roster is safe meanwhile: a sync that is on hold "
        "stays on hold.",
    )
