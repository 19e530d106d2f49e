"""Coming in by a link that is mailed, and going out."""

import re
import secrets
from typing import Any, Final

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rosterhold.adapters.database import emails, login_links, sessions
from rosterhold.adapters.database.accounts import plain
from rosterhold.adapters.database.login_links import MINUTES, SPAN
from rosterhold.adapters.links import own_page
from rosterhold.roster.language import N_
from rosterhold.web.forms import form_of
from rosterhold.web.language import language_of
from rosterhold.web.login_mail import send_link
from rosterhold.web.pages import page
from rosterhold.web.security import (
    SESSION,
    check_form_token,
    client_of,
    cookie_name,
    form_token,
    known_visitor,
    refuse_other_sites,
    session_token,
    visitor_of,
)
from rosterhold.web.site import Site, site_of

# Ties the forms of somebody who is not in yet to their browser.
_BROWSER: Final = "rosterhold_browser"
_BROWSER_S: Final = 24 * 3600
_ADDRESS: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_LONGEST_ADDRESS: Final = 254
_A_SYNC: Final = re.compile(r"(/syncs/\w+)/.*", re.ASCII)

_PLEASE: Final = N_("Please log in")
_ENDED: Final = N_("Your visit has ended")
_OUT: Final = N_("You are logged out")


def login(request: Request) -> Response:
    """The page to log in; whoever is in is led on."""
    site = site_of(request)
    wanted = own_page(request.query_params.get("next", "/"))
    with site.database.reading() as conn:
        if known_visitor(request, conn) is not None:
            return RedirectResponse(site.base + wanted, 303)
    return login_page(request, wanted, heading=_OUT if "out" in request.query_params else _PLEASE)


def login_required(request: Request, error: Exception) -> Response:
    """In the place of a page that is for those who are in: the way in, and then to that page."""
    del error
    wanted = request.url.path
    if request.method != "GET":
        found = _A_SYNC.fullmatch(wanted)
        wanted = found.group(1) if found else "/"
    return login_page(
        request,
        own_page(wanted),
        status=401,
        heading=_ENDED if session_token(request) else _PLEASE,
        mail_id=request.query_params.get("mail", ""),
    )


def login_page(
    request: Request,
    wanted: str,
    *,
    heading: str,
    status: int = 200,
    mail_id: str = "",
    link: str = "",
    why: str = "",
) -> Response:
    """The ways in. A mail or an ended link that somebody holds says whose address to send to."""
    email = _of_mail(request, mail_id) or _of_link(request, link)
    return open_page(
        request,
        "login.html",
        status=status,
        heading=heading,
        why=why,
        wanted=wanted,
        minutes=MINUTES,
        address=masked(email),
        mail_id=mail_id,
        link=link,
    )


def open_page(request: Request, template: str, *, status: int = 200, **content: Any) -> Response:
    """A page with a form for somebody who is not in yet; the form is bound to their browser."""
    site, browser = site_of(request), _browser(request)
    csrf = site.tickets.form_token(browser)
    clever = site.clever_login is not None
    answer = page(request, template, status=status, csrf=csrf, clever_login=clever, **content)
    set_cookie(site, answer, _BROWSER, browser, _BROWSER_S)
    return answer


def masked(email: str) -> str:
    """An address as its owner knows it again, and nobody else learns it."""
    name, at, host = email.partition("@")
    return f"{name[:2]}…{at}{host}" if at else ""


def _of_mail(request: Request, mail_id: str) -> str:
    """Whom one of our mails went to; "" when there is none."""
    if not mail_id:
        return ""
    with site_of(request).database.reading() as conn:
        mail = emails.load(conn, mail_id)
    return mail.recipient if mail is not None else ""


def _of_link(request: Request, token: str) -> str:
    """Whom a link to come in was for; "" when nothing is known of it."""
    site = site_of(request)
    if not token:
        return ""
    with site.database.reading() as conn:
        found = login_links.look(conn, token, site.clock())
    return found.email if found is not None else ""


async def post_login_mail(request: Request) -> Response:
    form = await form_of(request)
    return await run_in_threadpool(_mail, request, form)


def _mail(request: Request, form: dict[str, str]) -> Response:
    """Answer the same whether the address is known or not; what is done then is done afterwards."""
    check_browser(request, form)
    site, wanted = site_of(request), own_page(form.get("next", "/"))
    typed = plain(form.get("email", ""))
    held = _of_mail(request, form.get("mail", "")) or _of_link(request, form.get("link", ""))
    email = typed or held
    if len(email) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(email):
        why = N_("Please type your whole mail address, such as name@district.org.")
        return login_page(request, wanted, status=400, heading=_PLEASE, why=why)
    now = site.clock()
    with site.database.transaction() as tx:
        allowed = login_links.may_ask(tx, email, client_of(request), now)
    minutes = int(SPAN.total_seconds() // 60)
    if not allowed:
        answer = page(request, "asked_too_often.html", status=429, minutes=minutes)
        answer.headers["Retry-After"] = str(int(SPAN.total_seconds()))
        return answer
    shown = typed or masked(email)
    answer = page(request, "look_into_your_mail.html", address=shown, minutes=MINUTES)
    answer.background = BackgroundTask(send_link, site, email, wanted, language_of(request))
    return answer


async def post_logout(request: Request) -> Response:
    form = await form_of(request)
    return await run_in_threadpool(_log_out, request, form)


def _log_out(request: Request, form: dict[str, str]) -> Response:
    """End this session, or with `everywhere` all sessions of the address and its open links."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
    check_form_token(request, visitor, form.get("csrf", ""))
    with site.database.transaction() as tx:
        if form.get("everywhere"):
            sessions.end_all(tx, visitor.email)
            login_links.withdraw(tx, visitor.email)
        sessions.end(tx, session_token(request))
    answer = RedirectResponse(f"{site.base}/login?out=1", 303)
    forget_cookie(site, answer, SESSION)
    return answer


def account(request: Request) -> Response:
    """Where somebody is logged in."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        own = sessions.of_email(conn, visitor.email, site.clock())
    zone = visitor.districts[0].time_zone if visitor.districts else "UTC"
    return page(request, "account.html", sessions=own, zone=zone, csrf=form_token(request, visitor))


def check_browser(request: Request, form: dict[str, str]) -> None:
    """Refuse a form that was not made for this browser.

    Raises:
        HTTPException: 403.
    """
    refuse_other_sites(request)
    site, browser = site_of(request), _browser(request)
    if not site.tickets.fits(form.get("csrf", ""), browser, _BROWSER_S):
        raise HTTPException(403)


def _browser(request: Request) -> str:
    """The random word that this browser keeps, or a fresh one."""
    name = cookie_name(site_of(request), _BROWSER)
    return request.cookies.get(name) or secrets.token_urlsafe(16)


def set_cookie(site: Site, answer: Response, name: str, value: str, max_age_s: int) -> None:
    """Set a cookie that no script and no other site gets."""
    answer.set_cookie(
        cookie_name(site, name),
        value,
        max_age=max_age_s,
        path=site.base or "/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


def forget_cookie(site: Site, answer: Response, name: str) -> None:
    answer.delete_cookie(
        cookie_name(site, name),
        path=site.base or "/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


ROUTES: Final = (
    Route("/login", login),
    Route("/login/mail", post_login_mail, methods=["POST"]),
    Route("/logout", post_logout, methods=["POST"]),
    Route("/account", account),
)
