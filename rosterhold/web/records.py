"""The exact records of a sync: searched, filtered, sorted, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

import polars as pl

from rosterhold.roster.changes import REMOVED
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.store import SnapshotLostError
from rosterhold.web.before import Fact, facts_of
from rosterhold.web.evaluated import Evaluated
from rosterhold.web.lists import CHANGES, listed

PAGE_ROWS: Final = 50
_LONGEST_QUERY: Final = 100
_PAGE_DIGITS: Final = 6
_SORTS: Final = ("kind", "name", "school_name", "detail")


@dataclass(frozen=True, slots=True)
class RecordsQuery:
    """What to show.

    Attributes:
        change: one of CHANGES; what would be removed unless it is said.
        q: part of a name or an id, in any case; "" for all.
        kind: a kind's name, or "".
        school: a school's Clever id, or "".
        finding: the number of a finding of the hold; 0 for all.
        sort: one of `_SORTS`, with a minus before it for the other way round; "" for people
            first, then by school and name.
        page: from 1.
    """

    change: str = REMOVED
    q: str = ""
    kind: str = ""
    school: str = ""
    finding: int = 0
    sort: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.kind or self.school or self.finding)

    def address(self, **other: str | int) -> str:
        """The query string of this query with some parts changed, beginning with "?"."""
        changed = replace(self, **{"page": 1, **other})  # type: ignore[arg-type]
        parts = {
            "change": changed.change if changed.change != REMOVED else "",
            "q": changed.q,
            "kind": changed.kind,
            "school": changed.school,
            "finding": changed.finding,
            "sort": changed.sort,
            "page": changed.page if changed.page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})

    def sorted_by(self, column: str) -> str:
        """The query string that sorts by a column, or turns its order round."""
        return self.address(sort=f"-{column}" if self.sort == column else column)

    def direction(self, column: str) -> str:
        """How a column is sorted, as aria-sort says it."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort, "none")


def records_query(params: Mapping[str, str]) -> RecordsQuery:
    """Read the query of an address; what cannot be used counts as absent."""
    sort, kind, change = (params.get(name, "") for name in ("sort", "kind", "change"))
    return RecordsQuery(
        change=change if change in CHANGES else REMOVED,
        q=params.get("q", "").strip()[:_LONGEST_QUERY],
        kind=kind if kind in KINDS else "",
        school=params.get("school", "")[:_LONGEST_QUERY],
        finding=_whole_number(params.get("finding", "")),
        sort=sort if sort.removeprefix("-") in _SORTS else "",
        page=max(1, _whole_number(params.get("page", ""))),
    )


def _whole_number(word: str) -> int:
    """A number from an address; 0 for what is none."""
    usable = word.isascii() and word.isdecimal() and len(word) <= _PAGE_DIGITS
    return int(word) if usable else 0


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it is shown; `was` is its former Clever id, if that changed."""

    kind: str
    key: str
    name: str
    detail: str
    school_name: str
    was: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One page of records, and what there is altogether.

    Attributes:
        found: how many records the query finds.
        total: how many there are without it.
        by_kind: how many of each kind there are without it.
        by_change: how many records each list of CHANGES has, of those that have any.
        schools: Clever id, name and number of records of each school, by name; 0 where the
            number is not known.
    """

    query: RecordsQuery
    records: tuple[Record, ...]
    found: int
    total: int
    by_kind: Mapping[str, int]
    by_change: Mapping[str, int]
    schools: tuple[tuple[str, str, int], ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_ROWS))

    @property
    def first(self) -> int:
        return (self.query.page - 1) * PAGE_ROWS + 1


def records_page(
    found: Evaluated, query: RecordsQuery, rows: int = PAGE_ROWS
) -> RecordsPage | None:
    """Read one page, its first `rows`; None when there is no such file (any more)."""
    try:
        whole = listed(found, query.change, query.kind, query.finding)
        if query.change == REMOVED and not whole.by_kind and whole.by_change:
            # Nothing goes: what else there is, is what was meant.
            other = records_page(found, replace(query, change=next(iter(whole.by_change))), rows)
            if other is not None:
                return other
        wanted = whole.rows.filter(_filters(query))
        first = (query.page - 1) * PAGE_ROWS
        shown = _sorted(wanted, query.sort).slice(first, rows)
        number, page = pl.collect_all([wanted.select(pl.len()), shown])
        if query.page > 1 and page.is_empty():
            return records_page(found, replace(query, page=1), rows)
        facts = facts_of(found, query.change, page)
    except SnapshotLostError:
        return None
    return RecordsPage(
        query=query if not whole.kind else replace(query, kind=whole.kind),
        records=tuple(
            Record(**row, facts=facts.get((row["kind"], row["key"]), ()))
            for row in page.drop("school", "sought").iter_rows(named=True)
        ),
        found=number.item(),
        total=sum(whole.by_kind.values()),
        by_kind=whole.by_kind,
        by_change=whole.by_change,
        schools=whole.schools,
    )


def _filters(query: RecordsQuery) -> pl.Expr:
    wanted = pl.lit(True)
    if query.kind:
        wanted &= pl.col("kind") == query.kind
    if query.school:
        wanted &= pl.col("school") == query.school
    if query.q:
        wanted &= pl.col("sought").str.contains(query.q.lower(), literal=True)
    return wanted


def _sorted(frame: pl.LazyFrame, sort: str) -> pl.LazyFrame:
    if not sort:
        return frame
    column = sort.removeprefix("-")
    # The key settles the order of equals, so that pages never overlap.
    return frame.sort(column, "name", "key", descending=[sort.startswith("-"), False, False])
