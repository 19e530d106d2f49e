"""Which language a page is written in: asked for, kept from before, or what the browser prefers."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from rosterhold.adapters.languages import CODES, language
from rosterhold.roster.language import ENGLISH, Language
from rosterhold.web.site import site_of

PARAMETER: Final = "lang"
COOKIE: Final = "rosterhold_language"
_KEPT_S: Final = 365 * 24 * 3600
_LONGEST_HEADER: Final = 500


def language_of(request: Request) -> Language:
    asked, kept = request.query_params.get(PARAMETER, ""), request.cookies.get(COOKIE, "")
    header = request.headers.get("accept-language", "")
    return language(chosen(asked, kept, header))


def chosen(asked: str, kept: str, header: str) -> str:
    """The code of a language that there is, English when nobody wants another one."""
    return next(
        (code for code in (asked, kept, *_preferred(header)) if code in CODES), ENGLISH.code
    )


def _preferred(header: str) -> Sequence[str]:
    """The languages of an Accept-Language header, best first (RFC 9110, 12.5.4)."""
    weighed = []
    for part in header[:_LONGEST_HEADER].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if quality > 0:
            weighed.append((-quality, tag.partition("-")[0].lower()))
    return [code for _, code in sorted(weighed, key=lambda pair: pair[0])]


def keep_language(request: Request, response: Response) -> None:
    """Remember the language that an address asked for."""
    asked = request.query_params.get(PARAMETER, "")
    if asked in CODES:
        site = site_of(request)
        response.set_cookie(
            COOKIE,
            asked,
            max_age=_KEPT_S,
            path=site.base or "/",
            secure=site.is_https,
            httponly=True,
            samesite="lax",
        )


def other_languages(request: Request) -> list[tuple[Language, str]]:
    """The languages that the page is not in, each with the address of the same page in it."""
    now = language_of(request)
    # The answer to a form has no address of its own.
    here = str(request.url.path) if request.method == "GET" else "/"
    query = request.url.query if request.method == "GET" else ""
    site = site_of(request)
    return [
        (
            language(code),
            site.base + str(URL(f"{here}?{query}").include_query_params(**{PARAMETER: code})),
        )
        for code in CODES
        if code != now.code
    ]
