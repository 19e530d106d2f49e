"""Webhooks in: a word that Clever has new data, and answers to holds from the company's own tools.

Both are signed as Standard Webhooks says. They answer as soon as the work is written down.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rosterhold.adapters.database import districts, received, syncs
from rosterhold.adapters.database.decisions import Decided, Person, decide
from rosterhold.adapters.webhooks.signing import NotGenuineError, check_signature
from rosterhold.statemachine.decisions import Action
from rosterhold.web.forms import body_of
from rosterhold.web.site import Site, site_of

Read = TypeVar("Read", bound=msgspec.Struct)
Handler = Callable[[Request], Awaitable[Response]]


class NewsData(msgspec.Struct, frozen=True):
    """Which district has new data, by its id in Clever or ours."""

    district: str


class News(msgspec.Struct, frozen=True):
    """Clever's App Sync Notification, or a relay of it."""

    data: NewsData


class AnswerData(msgspec.Struct, frozen=True):
    """An answer to the hold of a sync; the digest names what was reviewed."""

    sync: str
    action: Action
    digest: str | None = None
    by: str = ""


class AnswerEvent(msgspec.Struct, frozen=True):
    """A resume event."""

    data: AnswerData


async def clever(request: Request) -> Response:
    """A district has new data: a sync is written down."""
    site = site_of(request)
    delivery_id, body = await _genuine(request, site.clever_webhook_secrets)
    news = _read(body, News)
    try:
        return await run_in_threadpool(_note_news, site, delivery_id, news.data.district)
    except IntegrityError:
        # The same message came in twice in one instant: the other one is noted now.
        return await run_in_threadpool(_note_news, site, delivery_id, news.data.district)


def _note_news(site: Site, delivery_id: str, word: str) -> Response:
    with site.database.transaction() as tx:
        known = received.find(tx.conn, "clever", delivery_id)
        if known is not None:
            return _json(known.status, known.answer)
        district = districts.find(tx.conn, word)
        if district is None:
            return _problem(404, f"there is no district {word[:64]!r} here")
        received.ask_for_sync(tx, district.id)
        answer = {"status": "queued", "district": district.id}
        received.keep(tx, "clever", delivery_id, 202, answer)
        work = tuple(tx.work)
    site.doorbell.ring(work)
    return _json(202, answer)


async def resume(request: Request) -> Response:
    """Somebody decided elsewhere: the answer is taken, or refused with the reason."""
    site = site_of(request)
    delivery_id, body = await _genuine(request, site.resume_webhook_secrets)
    event = _read(body, AnswerEvent)
    where = request.client.host if request.client else ""
    return await run_in_threadpool(_answer, site, delivery_id, event.data, where)


def _answer(site: Site, delivery_id: str, answer: AnswerData, where: str) -> Response:
    with site.database.reading() as conn:
        known = received.find(conn, "resume", delivery_id)
        sync = syncs.load(conn, answer.sync.upper())
    if known is not None:
        return _json(known.status, known.answer)
    if sync is None:
        return _problem(404, f"there is no sync {answer.sync[:64]!r} here")
    outcome = decide(
        site.database,
        site.store,
        sync_id=sync.id,
        action=answer.action,
        digest=answer.digest,
        person=Person(f"webhook: {answer.by[:200] or 'nobody named'}", where),
    )
    if isinstance(outcome, Decided):
        site.doorbell.ring(outcome.work)
        status, said = 202, {"status": "answered", "sync": sync.id, "state": outcome.state.value}
    else:
        status, said = 409, {"status": outcome.code, "detail": outcome.sentence}
    # After the decision: when this is lost, the sender's next try is refused as decided already.
    with site.database.transaction() as tx:
        if received.find(tx.conn, "resume", delivery_id) is None:
            received.keep(tx, "resume", delivery_id, status, said)
    return _json(status, said)


async def _genuine(request: Request, secrets: Sequence[str]) -> tuple[str, bytes]:
    """The id and the body of a signed message.

    Raises:
        HTTPException: 404 without a secret for it, 413 for one that is too large, 401 for one that
            is not signed by it or not of this time.
    """
    if not secrets:
        raise HTTPException(404)
    body = await body_of(request)
    try:
        return check_signature(secrets, request.headers, body), body
    except NotGenuineError as error:
        raise HTTPException(401, str(error)) from error


def _read(body: bytes, kind: type[Read]) -> Read:
    """Raises HTTPException: 400 with what is wrong."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise HTTPException(400, str(error)) from error


def _json(status: int, answer: dict[str, Any]) -> Response:
    return JSONResponse(answer, status)


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"status": "refused", "detail": detail}, status)


def _in_json(handler: Handler) -> Handler:
    """Machines get what is wrong as JSON."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException as error:
            return _problem(error.status_code, error.detail)

    return answer


ROUTES: Final = [
    Route("/webhooks/clever", _in_json(clever), methods=["POST"]),
    Route("/webhooks/resume", _in_json(resume), methods=["POST"]),
]
