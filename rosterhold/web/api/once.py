"""What a POST does, done once: with an Idempotency-Key the second one gets the first one's answer.

What it does, its key and its answer are one transaction: all of it happened, or nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from rosterhold.adapters.database import idempotency
from rosterhold.adapters.database.engine import Database, Transaction, Within
from rosterhold.adapters.database.outbox import Written
from rosterhold.web.api.problems import ProblemError
from rosterhold.web.api.security import Caller

REPLAYED: Final = "Idempotency-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description=(
            "Any text of the caller's own, such as a UUID. For 24 hours the same request with the "
            "same key does nothing more and gets the same answer."
        ),
        examples=["5f9b7c1e-6a55-4f0a-9d3e-0f6f6f0c8a11"],
    ),
]


@dataclass(frozen=True, slots=True)
class Done:
    """What a request came to.

    Attributes:
        again: what the same request is answered later; None for the same.
        work: what the doorbell is rung for, once it is committed.
    """

    status: int
    body: BaseModel
    work: tuple[Written, ...] = ()
    again: BaseModel | None = None


def do_once(
    request: Request,
    caller: Caller,
    key: str | None,
    asked: BaseModel | None,
    effect: Callable[[Database], Done],
) -> Response:
    """Do what a request asks for, in one transaction with its key and answer.

    Args:
        request: whose method and path are a part of what the key stands for.
        caller: whose key it is.
        key: the Idempotency-Key, if there is one.
        asked: the body of the request.
        effect: does it, in the database that it is given. What it raises undoes all of it, and
            leaves the key free.

    Raises:
        ProblemError: 422, the key was used for another request.
    """
    with caller.database.transaction() as tx:
        if key is not None:
            kept = idempotency.claim(tx, caller.token.id, key, _hash(request, asked))
            if kept is not None:
                return _again(kept, _hash(request, asked))
        done = effect(Within(caller.database, tx))
        body = done.body.model_dump_json()
        if key is not None:
            _keep(tx, caller, key, done)
    caller.site.doorbell.ring(done.work)
    return Response(body, done.status, media_type="application/json")


def _keep(tx: Transaction, caller: Caller, key: str, done: Done) -> None:
    body = (done.again or done.body).model_dump_json()
    idempotency.keep(tx, caller.token.id, key, status=done.status, body=body)


def _again(kept: idempotency.Kept, request_hash: str) -> Response:
    if kept.request_hash != request_hash:
        raise ProblemError(
            422,
            "key-used",
            "This Idempotency-Key was used for another request. Nothing was done.",
        )
    return Response(
        kept.body, kept.status, media_type="application/json", headers={REPLAYED: "true"}
    )


def _hash(request: Request, asked: BaseModel | None) -> str:
    body = "" if asked is None else asked.model_dump_json()
    return hashlib.sha256(f"{request.method} {request.url.path}\n{body}".encode()).hexdigest()
