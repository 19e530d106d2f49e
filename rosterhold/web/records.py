"""The exact records that would be removed: searched, filtered, sorted, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

import polars as pl

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.store import SnapshotLostError, SnapshotStore

PAGE_ROWS: Final = 50
_LONGEST_QUERY: Final = 100
_PAGE_DIGITS: Final = 6
_SORTS: Final = ("kind", "name", "school_name", "detail")


@dataclass(frozen=True, slots=True)
class RecordsQuery:
    """What to show.

    Attributes:
        q: part of a name or an id, in any case; "" for all.
        kind: a kind's name, or "".
        school: a school's Clever id, or "".
        sort: one of `_SORTS`, with a minus before it for the other way round; "" for people
            first, then by school and name.
        page: from 1.
    """

    q: str = ""
    kind: str = ""
    school: str = ""
    sort: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.kind or self.school)

    def address(self, **other: str | int) -> str:
        """The query string of this query with some parts changed, beginning with "?"."""
        changed = replace(self, **{"page": 1, **other})  # type: ignore[arg-type]
        parts = {
            "q": changed.q,
            "kind": changed.kind,
            "school": changed.school,
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
    sort, kind, page = params.get("sort", ""), params.get("kind", ""), params.get("page", "")
    return RecordsQuery(
        q=params.get("q", "").strip()[:_LONGEST_QUERY],
        kind=kind if kind in KINDS else "",
        school=params.get("school", "")[:_LONGEST_QUERY],
        sort=sort if sort.removeprefix("-") in _SORTS else "",
        page=_page_number(page),
    )


def _page_number(word: str) -> int:
    usable = word.isascii() and word.isdecimal() and len(word) <= _PAGE_DIGITS
    return max(1, int(word)) if usable else 1


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it is shown."""

    kind: str
    key: str
    name: str
    detail: str
    school_name: str


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One page of records, and what there is altogether.

    Attributes:
        found: how many records the query finds.
        total: how many there are without it.
        by_kind: how many of each kind there are without it.
        schools: Clever id, name and number of records of each school, by name.
    """

    query: RecordsQuery
    records: tuple[Record, ...]
    found: int
    total: int
    by_kind: Mapping[str, int]
    schools: tuple[tuple[str, str, int], ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_ROWS))

    @property
    def first(self) -> int:
        return (self.query.page - 1) * PAGE_ROWS + 1


def records_page(store: SnapshotStore, ref: str, query: RecordsQuery) -> RecordsPage | None:
    """Read one page; None when there is no such file (any more)."""
    try:
        everything = store.scan([ref])
        found = everything.filter(_filters(query))
        places = everything.group_by("kind", "school", "school_name").len()
        shown = _sorted(found, query.sort).slice((query.page - 1) * PAGE_ROWS, PAGE_ROWS)
        counts, number, rows = pl.collect_all([places, found.select(pl.len()), shown])
    except SnapshotLostError:
        return None
    if query.page > 1 and rows.is_empty():
        return records_page(store, ref, replace(query, page=1))
    return RecordsPage(
        query=query,
        records=tuple(Record(**row) for row in rows.drop("school").iter_rows(named=True)),
        found=number.item(),
        total=int(counts["len"].sum()),
        by_kind=dict(counts.group_by("kind").agg(pl.col("len").sum()).iter_rows()),
        schools=_schools(counts),
    )


def _filters(query: RecordsQuery) -> pl.Expr:
    wanted = pl.lit(True)
    if query.kind:
        wanted &= pl.col("kind") == query.kind
    if query.school:
        wanted &= pl.col("school") == query.school
    if query.q:
        part = query.q.lower()
        wanted &= pl.col("name").str.to_lowercase().str.contains(part, literal=True) | pl.col(
            "key"
        ).str.to_lowercase().str.contains(part, literal=True)
    return wanted


def _sorted(frame: pl.LazyFrame, sort: str) -> pl.LazyFrame:
    if not sort:
        return frame
    column = sort.removeprefix("-")
    # The key settles the order of equals, so that pages never overlap.
    return frame.sort(column, "name", "key", descending=[sort.startswith("-"), False, False])


def _schools(counts: pl.DataFrame) -> tuple[tuple[str, str, int], ...]:
    schools = (
        counts.filter(pl.col("school") != "")
        .group_by("school", "school_name")
        .agg(pl.col("len").sum())
        .with_columns(
            pl.when(pl.col("school_name") == "")
            .then("school")
            .otherwise("school_name")
            .alias("school_name")
        )
        .sort("school_name", "school")
    )
    return tuple(schools.iter_rows())
