"""How a list of Clever is paged ("Pagination and Response Limits").

Records come sorted by id. A page's `next` link holds the cursor of the page after it: the id of the
page's last record. The last page has no such link. A link's host is never used, and of its query
only the cursor, so a list cannot lead anywhere else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from rosterhold.adapters.clever.errors import IncompleteFetchError
from rosterhold.adapters.clever.ids import is_plain_id


class Page(Protocol):
    """A page: ids of its records in the order they came, "" where unknown; where it goes on."""

    @property
    def ids(self) -> list[str]: ...

    @property
    def next_uri(self) -> str: ...


P = TypeVar("P", bound=Page)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list was read.

    Attributes:
        pages: number of pages read.
        cursor: id of the last record read, "" before the first page and after the last.
        ended: whether that was the last page.
    """

    pages: int = 0
    cursor: str = ""
    ended: bool = False


START = Place()


async def read_list(
    path: str,
    place: Place,
    ask: Callable[[str], Awaitable[P]],
    keep: Callable[[P, Place], Awaitable[None]],
) -> None:
    """Read a list from a place to its end.

    Args:
        path: of the list; its pages' links must lead to it.
        place: where an earlier reading stopped, or START.
        ask: gives the page after a cursor, the first one for "".
        keep: takes each page, and the place after it.

    Raises:
        IncompleteFetchError: see place_after.
    """
    while not place.ended:
        page = await ask(place.cursor)
        place = place_after(path, place, page)
        await keep(page, place)


def place_after(path: str, place: Place, page: Page) -> Place:
    """Where the list goes on after a page.

    Raises:
        IncompleteFetchError: this page does not follow the ones before, so some records may be
            missing: it repeats one, goes back, or leads nowhere.
    """
    last = _rising(path, place, page.ids)
    if not page.next_uri:
        return Place(place.pages + 1, ended=True)
    cursor = _cursor(path, page.next_uri)
    if cursor <= place.cursor:
        raise IncompleteFetchError(f"{path}: the link to the next page leads back")
    if not page.ids or cursor < last or (page.ids[-1] and cursor != last):
        raise IncompleteFetchError(f"{path}: the link to the next page leads past records")
    return Place(place.pages + 1, cursor)


def _rising(path: str, place: Place, ids: list[str]) -> str:
    """The last known id; every id must be greater than all before it."""
    last = place.cursor
    for known in filter(None, ids):
        if known <= last:
            what = "a page came twice" if known == ids[0] else "ids did not rise"
            raise IncompleteFetchError(f"{path}: {what} on page {place.pages + 1}")
        last = known
    return last


def _cursor(path: str, uri: str) -> str:
    link = urlsplit(uri)
    cursors = parse_qs(link.query).get("starting_after", [])
    if link.path.rpartition("/")[2] != path or len(cursors) != 1 or not is_plain_id(cursors[0]):
        raise IncompleteFetchError(f"{path}: the link to the next page is none of this list")
    return cursors[0]
