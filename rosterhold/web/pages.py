"""From a template to an answer."""

import hashlib
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from rosterhold.adapters.languages import language
from rosterhold.roster.language import N_
from rosterhold.roster.unreadable_words import unreadable_sentence
from rosterhold.roster.wording import counted, in_order, nothing_new_words, noun
from rosterhold.statemachine.retelling import retold
from rosterhold.web import words
from rosterhold.web.language import keep_language, language_of, other_languages
from rosterhold.web.security import HEADERS, form_token
from rosterhold.web.site import site_of

log = structlog.get_logger(__name__)

_STATIC: Final = ("rosterhold.css", "vendor/htmx.min.js")

# What an error page says: a heading and what to do.
_ERRORS: Final = {
    400: (N_("We could not read that"), N_("Please go back and try again.")),
    403: (
        N_("This cannot be done from here"),
        N_(
            "Nothing was done. The page may be too old, or the answer is not yours to give. Please "
            "go back, load the page again and repeat your answer. Your browser has to allow "
            "cookies of this site."
        ),
    ),
    404: (
        N_("There is no such page"),
        N_("The address may be incomplete. Please open the link in your mail again."),
    ),
    405: (
        N_("This page cannot do that"),
        N_("Nothing was done. Please go back and try again."),
    ),
    413: (
        N_("That was too much at once"),
        N_("Nothing was done. Please go back and try again."),
    ),
    500: (
        N_("Something went wrong on our side"),
        N_("Nothing of your roster was changed by this. Please try again in a few minutes."),
    ),
    503: (
        N_("We cannot reach our records just now"),
        N_(
            "Please try again in a minute. If you have just answered, look at the sync again "
            "first: your answer may have arrived."
        ),
    ),
}


@cache
def _environment(code: str) -> Environment:
    """The templates in one language."""
    own = language(code)
    environment = Environment(
        loader=PackageLoader("rosterhold.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        own.translations.gettext, own.translations.ngettext, newstyle=True
    )
    environment.globals.update(
        language=own,
        say=own.say,
        moment=own.moment,
        day=own.day,
        in_order=in_order,
        counted=partial(counted, language=own),
        noun=partial(noun, language=own),
        nothing_new_words=partial(nothing_new_words, language=own),
        retold=lambda sentence: words.unbroken(retold(sentence, own)),
        state_words=partial(words.state_words, language=own),
        action_words=partial(words.action_words, language=own),
        why_words=partial(words.why_words, language=own),
        kind_words=partial(words.kind_words, language=own),
        standing_words=partial(words.standing_words, language=own),
        trigger_words=partial(words.trigger_words, language=own),
        grades_words=words.grades_words,
        in_a_row=words.in_a_row,
        fact_words=partial(words.fact_words, language=own),
        unreadable_sentence=partial(unreadable_sentence, language=own),
        set_aside_words=partial(words.set_aside_words, language=own),
        static_version=_static_version(),
    )
    environment.filters["number"] = own.number
    return environment


def _static_version() -> str:
    """Changes with the style sheet and the script, so that browsers may keep them."""
    static = files("rosterhold.web").joinpath("static")
    content = [static.joinpath(name).read_bytes() for name in _STATIC]
    return hashlib.sha256(b"".join(content)).hexdigest()[:12]


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """A template in the visitor's language."""
    own = language_of(request)
    visitor = getattr(request.state, "visitor", None)
    html = (
        _environment(own.code)
        .get_template(template)
        .render(
            base=site_of(request).base,
            other_languages=other_languages(request),
            visitor=visitor,
            logout_token=form_token(request, visitor) if visitor else "",
            **content,
        )
    )
    response = HTMLResponse(html, status, headers={**HEADERS, "Content-Language": own.code})
    keep_language(request, response)
    return response


def message_page(request: Request, status: int, heading: str, text: str) -> HTMLResponse:
    """A page that only says something, in texts of the catalogue."""
    own = language_of(request)
    return page(
        request, "message.html", status=status, heading=own.say(heading), text=own.say(text)
    )


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
