"""From a template to an answer."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from rosterhold.roster.wording import counted, in_order
from rosterhold.web import words
from rosterhold.web.security import HEADERS
from rosterhold.web.site import site_of

log = structlog.get_logger(__name__)

# What an error page says: a heading and what to do.
_ERRORS: Final = {
    400: ("We could not read that", "Please go back and try again."),
    401: (
        "Please use the link in your mail",
        (
            "This page is only for the administrators of a district. Open the link in the "
            "mail that we sent you. If you have been in before, the visit has ended after "
            "twelve hours; the link in the mail lets you in again."
        ),
    ),
    403: (
        "This form is too old",
        "Nothing was done. Please open the link in your mail again and repeat your answer.",
    ),
    404: (
        "There is no such page",
        "The address may be incomplete. Please open the link in your mail again.",
    ),
    405: ("This page cannot do that", "Nothing was done. Please go back and try again."),
    413: ("That was too much at once", "Nothing was done. Please go back and try again."),
    500: (
        "Something went wrong on our side",
        "Nothing of your roster was changed by this. Please try again in a few minutes.",
    ),
    503: (
        "We cannot reach our records just now",
        (
            "Please try again in a minute. If you have just answered, look at the sync again first:"
            " your answer may have arrived."
        ),
    ),
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rosterhold.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        counted=counted,
        in_order=in_order,
        moment=words.moment,
        state_words=words.state_words,
        action_words=words.action_words,
        kind_words=words.kind_words,
        style_version=_style_version(),
    )
    environment.filters["number"] = "{:,}".format
    return environment


def _style_version() -> str:
    """Changes with the style sheet, so that browsers may keep it."""
    style = files("rosterhold.web").joinpath("static/rosterhold.css").read_bytes()
    return hashlib.sha256(style).hexdigest()[:12]


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    html = _environment().get_template(template).render(base=site_of(request).base, **content)
    return HTMLResponse(html, status, headers=HEADERS)


def message_page(request: Request, status: int, heading: str, text: str) -> HTMLResponse:
    """A page that only says something."""
    return page(request, "message.html", status=status, heading=heading, text=text)


def away_page(request: Request, error: Exception) -> Response:
    """The page while the database cannot be reached; of an answer it is not known if it arrived.

    Raises:
        Exception: the error itself, when it is another one.
    """
    lost = isinstance(error, DBAPIError) and (error.connection_invalidated or not error.statement)
    if not lost:
        raise error
    log.warning("the database is away; somebody is asked to try again", error=str(error))
    answer = message_page(request, 503, *_ERRORS[503])
    answer.headers["Retry-After"] = "30"
    return answer


def error_page(request: Request, error: Exception) -> Response:
    """The page for anything that went wrong; never a traceback."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    heading, text = _ERRORS.get(status, _ERRORS[500 if status >= 500 else 400])  # noqa: PLR2004
    answer = message_page(request, status, heading, text)
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer
