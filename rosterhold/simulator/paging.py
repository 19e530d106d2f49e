"""Pages and their links (Clever, Pagination and Response Limits; recorded answers)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.records import window

ID_LENGTH = 24


class PageRequestError(ValueError):
    """Raised when a limit or a cursor cannot be served; `status` is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class PageRequest:
    """What a list was asked for.

    `kept` are the parameters that links repeat, `limit` first; cursors are not among them.
    """

    path: str
    kept: tuple[tuple[str, str], ...]
    limit: int
    after: str | None
    before: str | None

    def uri(self, **cursor: str) -> str:
        parameters = [*self.kept, *cursor.items()]
        return f"{self.path}?{urlencode(parameters)}" if parameters else self.path

    @property
    def self_uri(self) -> str:
        if self.after is not None:
            return self.uri(starting_after=self.after)
        if self.before is not None:
            return self.uri(ending_before=self.before)
        return self.uri()


@dataclass
class Page:
    """The ids of a page in the order of the answer, and its links as (rel, uri)."""

    ids: list[str]
    links: list[tuple[str, str]]


def read_page_request(
    path: str, parameters: list[tuple[str, str]], behaviour: Behaviour
) -> PageRequest:
    """Read the parameters of a list.

    Raises:
        PageRequestError: the limit is no number from 1 to the largest, or a cursor is no id.
    """
    values = dict(parameters)
    limit = _limit(values.get("limit"), behaviour)
    cursors = {name: values.get(name) or None for name in ("starting_after", "ending_before")}
    for name, cursor in cursors.items():
        if cursor is not None and not _is_id(cursor):
            raise PageRequestError(behaviour.bad_cursor_status, f"{name} is not an id: {cursor}")
    kept = [(key, value) for key, value in parameters if key not in {*cursors, "limit", "count"}]
    if "limit" in values:
        kept.insert(0, ("limit", values["limit"]))
    return PageRequest(
        path, tuple(kept), limit, cursors["starting_after"], cursors["ending_before"]
    )


def cut_page(ids: list[str], request: PageRequest, behaviour: Behaviour) -> Page:
    """Cut the page out of rising ids.

    A page that was reached by `starting_after` has a `prev` link even with nothing before it, and
    one reached by `ending_before` a `next` link.
    """
    backwards = request.after is None and request.before is not None
    page, more = window(ids, limit=request.limit, after=request.after, before=request.before)
    links = [("self", request.self_uri)]
    if page and (request.after is not None or (backwards and more)):
        links.append(("prev", request.uri(ending_before=page[0])))
    if page and (backwards or more):
        links.append(("next", request.uri(starting_after=page[-1])))
    if backwards and behaviour.ending_before_descending:
        page = page[::-1]
    return Page(page, links)


def _limit(text: str | None, behaviour: Behaviour) -> int:
    if text is None:
        return behaviour.default_limit
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise PageRequestError(behaviour.bad_limit_status, f"limit is not a number above 0: {text}")
    if int(text) > behaviour.max_limit:
        message = f"limit is {text}; it may not be above {behaviour.max_limit}"
        raise PageRequestError(behaviour.over_limit_status, message)
    return int(text)


def _is_id(text: str) -> bool:
    return len(text) == ID_LENGTH and all(digit in "0123456789abcdefABCDEF" for digit in text)
