"""Pages of lists: a cursor names the last row of a page, and the next page begins after it."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import GenericAlias
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from rosterhold.web.api.problems import ProblemError, unusable

DEFAULT_LIMIT: Final = 100
LARGEST_LIMIT: Final = 500
_LONGEST_CURSOR: Final = 512

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="How many a page may have.")]
Cursor = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=_LONGEST_CURSOR,
        description="`next_cursor` of the page before. It is opaque; the other parameters stay.",
    ),
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    next_cursor: str | None = Field(
        description="For the next page; null when this is the last one.",
        examples=["WyJkaXN0cmljdHMiLCIwMUFSWjNOREVLVFNWNFJSRkZRNjlHNUZBViJd"],
    )


def cursor_of(name: str, *keys: object) -> str:
    """A cursor of the list `name` that stands behind a row with these keys."""
    text = msgspec.json.encode([name, *keys])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def keys_of(name: str, cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The keys that a cursor of the list `name` stands behind; None without a cursor.

    Raises:
        ProblemError: 422, it is none of that list.
    """
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        found = msgspec.convert(msgspec.json.decode(text), _tuple_of(str, *types))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _no_cursor() from error
    if found[0] != name or any(_is_unusable(key) for key in found):
        raise _no_cursor()
    return tuple(found[1:])


def _tuple_of(*types: type) -> Any:
    return GenericAlias(tuple, types)


def _is_unusable(key: object) -> bool:
    # What a database takes for neither a text nor a number of its own.
    match key:
        case str():
            return "\x00" in key
        case int():
            return not 0 <= key < 2**63
        case datetime():
            return key.tzinfo is None or key.astimezone(UTC).year < 1970  # noqa: PLR2004 - no sync is older
        case _:
            return False


def _no_cursor() -> ProblemError:
    return unusable("query", "cursor", "It is not the next_cursor of a page of this list.")


def page_of(
    rows: Sequence[Row], limit: int, item: Callable[[Row], Item], cursor: Callable[[Row], str]
) -> Page[Item]:
    """A page of rows that were asked for with one more than the limit."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(data=[item(row) for row in shown], next_cursor=cursor(shown[-1]) if more else None)
