"""Tokens of the API: made by a token that may, and never with more than it has."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from rosterhold.adapters.database import tokens
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.tokens import Scope, TokenRow
from rosterhold.web.api.documented import DISTRICT, TOKEN, TokenId, tagged
from rosterhold.web.api.once import Done, IdempotencyKey, do_once
from rosterhold.web.api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    cursor_of,
    keys_of,
    page_of,
)
from rosterhold.web.api.problems import ProblemError, not_found, problem
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["tokens"], route_class=TaggedRoute)

Named = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
]

_EXAMPLE: Final[dict[str, Any]] = {
    "id": TOKEN,
    "name": "nightly job",
    "scopes": ["districts:read", "roster:read"],
    "district": DISTRICT,
    "created_by": "token set-up",
    "created_at": "2026-03-02T08:00:00Z",
    "expires_at": "2026-06-02T08:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
}


def _whole(number: object) -> object:
    """JSON knows one kind of number: 7.0 is 7."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


class Token(BaseModel):
    """A token, without what its holder sends."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    scopes: list[str]
    district: str | None = Field(description="Its one district; null for one of all districts.")
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class CreatedToken(Token):
    """A token that was just made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "token": "rh_" + "0" * 42}]}
    )

    token: str | None = Field(
        description=(
            "What its holder sends. It is shown only here, and kept nowhere: where the same "
            "request is answered again, it is null."
        )
    )


class TokenWanted(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "nightly job", "scopes": ["districts:read", "roster:read"], "days": 90}
            ]
        },
    )

    name: Named = Field(description="What it is for.")
    scopes: list[Scope] = Field(
        min_length=1, max_length=len(Scope), description="No more than those of the token used."
    )
    district: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="Its one district. Without it, the one of the token used, or all.",
    )
    days: Annotated[int, BeforeValidator(_whole)] = Field(
        default=365,
        ge=1,
        le=3_650,
        strict=True,
        description="How many days it works, and never longer than the token used.",
    )


def _fields(row: TokenRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "district": row.district_id,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


def _item(row: TokenRow) -> Token:
    return Token.model_validate(_fields(row))


@router.get("/tokens", summary="List tokens", responses=tagged())
def list_tokens(
    caller: Caller = needs(Scope.TOKENS_READ), limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Token]:
    """Tokens in the order in which they were made, those that no longer work too."""
    (after,) = keys_of("tokens", cursor, str) or ("",)
    with caller.database.reading() as conn:
        rows = tokens.listed(conn, caller.tenant, after=after, limit=limit + 1)
    return page_of(rows, limit, _item, lambda row: cursor_of("tokens", row.id))


@router.post(
    "/tokens",
    summary="Make a token",
    status_code=201,
    response_model=CreatedToken,
    responses={403: problem("The token lacks the scope, or one that the new one would have.")},
)
def create_token(
    request: Request,
    wanted: TokenWanted,
    key: IdempotencyKey = None,
    caller: Caller = needs(Scope.TOKENS_WRITE),
) -> Response:
    """Make a token with a part of the scopes of this one, for the same district or one of its own.

    What is created here is not named again: keep it where secrets are kept.
    """
    district_id = caller.tenant if wanted.district is None else caller.district(wanted.district).id
    beyond = [scope.value for scope in wanted.scopes if scope not in caller.token.scopes]
    if beyond:
        raise ProblemError(
            403,
            "scope-missing",
            f"This token has no {', '.join(beyond)} to give. Nothing was made.",
        )

    def effect(database: Database) -> Done:
        with database.transaction() as tx:
            wished = tx.now + timedelta(days=wanted.days)
            last = caller.token.expires_at
            made = tokens.create(
                tx,
                name=wanted.name,
                scopes=wanted.scopes,
                district_id=district_id,
                created_by=caller.who,
                expires_at=wished if last is None else min(wished, last),
            )
        shown = CreatedToken.model_validate({**_fields(made.row), "token": made.secret})
        return Done(201, shown, again=shown.model_copy(update={"token": None}))

    return do_once(request, caller, key, wanted, effect)


@router.get("/tokens/{token_id}", summary="Show a token", responses=tagged())
def show_token(token_id: TokenId, caller: Caller = needs(Scope.TOKENS_READ)) -> Token:
    with caller.database.reading() as conn:
        row = tokens.load(conn, token_id, caller.tenant)
    if row is None:
        raise not_found()
    return _item(row)


@router.delete("/tokens/{token_id}", summary="Revoke a token")
def revoke_token(token_id: TokenId, caller: Caller = needs(Scope.TOKENS_WRITE)) -> Token:
    """Make a token stop working, at once. It stays in the list; doing so twice changes nothing."""
    with caller.database.transaction() as tx:
        row = tokens.load(tx.conn, token_id, caller.tenant)
        if row is None:
            raise not_found()
        tokens.revoke(tx, row.id)
        revoked = tokens.load(tx.conn, token_id, caller.tenant)
    if revoked is None:
        raise not_found()
    return _item(revoked)
