"""The schools of a district as its dashboard lists them: searched, filtered, sorted, paged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
import sqlalchemy as sa

from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.adapters.manifests import frames_of, read_manifest
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.schools import count_at_schools
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.standing import Standing, Waiting, standing_of

PAGE_ROWS: Final = 50
COUNTED: Final = ("students", "teachers", "sections")
_LONGEST_QUERY: Final = 100
_PAGE_DIGITS: Final = 6
_SORTS: Final = ("name", "status", "on_hold", "last_sync", *COUNTED)
# On hold is what somebody looks for.
_URGENT_FIRST: Final = (Standing.ON_HOLD, Standing.NOT_CONNECTED, Standing.CONNECTED)


@dataclass(frozen=True, slots=True)
class School:
    """One school.

    Attributes:
        counts: kind name → records in the roster, of COUNTED.
        on_hold: kind name → records that would be removed.
        last_sync: when the roster of the school was brought up to date last.
    """

    id: str
    name: str
    low_grade: str
    high_grade: str
    status: Standing
    counts: Mapping[str, int]
    on_hold: Mapping[str, int]
    last_sync: datetime | None

    @property
    def held(self) -> int:
        return sum(self.on_hold.values())


@dataclass(frozen=True, slots=True)
class SchoolsQuery:
    """Which schools to show; the address of a dashboard.

    Attributes:
        q: part of a name, in any case.
        status: a Standing's value, or "".
        kind: a kind of which a school would lose records, or "".
        sort: one of `_SORTS`, with a minus for the other way round; "" for the urgent first.
        page: from 1.
    """

    q: str = ""
    status: str = ""
    kind: str = ""
    sort: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.status or self.kind)

    def address(self, **other: str | int) -> str:
        """The query string of this query with some parts changed, beginning with "?"."""
        changed = replace(self, **{"page": 1, **other})  # type: ignore[arg-type]
        parts = {
            "q": changed.q,
            "status": changed.status,
            "kind": changed.kind,
            "sort": changed.sort,
            "page": changed.page if changed.page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})

    def sorted_by(self, column: str) -> str:
        return self.address(sort=f"-{column}" if self.sort == column else column)

    def direction(self, column: str) -> str:
        """How a column is sorted, as aria-sort says it."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort, "none")


def schools_query(params: Mapping[str, str]) -> SchoolsQuery:
    """Read the query of an address; what cannot be used counts as absent."""
    sort, status, kind = (params.get(name, "") for name in ("sort", "status", "kind"))
    page = params.get("page", "")
    usable = page.isascii() and page.isdecimal() and len(page) <= _PAGE_DIGITS
    return SchoolsQuery(
        q=params.get("q", "").strip()[:_LONGEST_QUERY],
        status=status if status in set(Standing) else "",
        kind=kind if kind in KINDS else "",
        sort=sort if sort.removeprefix("-") in _SORTS else "",
        page=max(1, int(page)) if usable else 1,
    )


@dataclass(frozen=True, slots=True)
class SchoolsPage:
    """One page of schools; `by_status` and `total` are of all of them."""

    query: SchoolsQuery
    schools: Sequence[School]
    found: int
    total: int
    by_status: Mapping[Standing, int]

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_ROWS))

    @property
    def first(self) -> int:
        return (self.query.page - 1) * PAGE_ROWS + 1


def schools_page(schools: Iterable[School], query: SchoolsQuery) -> SchoolsPage:
    every = list(schools)
    found = [school for school in every if _fits(school, query)]
    query = replace(query, page=min(query.page, max(1, -(-len(found) // PAGE_ROWS))))
    ordered = _sorted(found, query.sort)
    first = (query.page - 1) * PAGE_ROWS
    by_status = {status: sum(one.status is status for one in every) for status in Standing}
    return SchoolsPage(query, ordered[first : first + PAGE_ROWS], len(found), len(every), by_status)


def _fits(school: School, query: SchoolsQuery) -> bool:
    return (
        query.q.lower() in school.name.lower()
        and query.status in {"", school.status.value}
        and (not query.kind or bool(school.on_hold.get(query.kind)))
    )


def _sorted(schools: list[School], sort: str) -> list[School]:
    by_name = sorted(schools, key=lambda school: (school.name.lower(), school.id))
    column = sort.removeprefix("-")
    if column == "name":
        return by_name[::-1] if sort.startswith("-") else by_name

    def value(school: School) -> float:
        if column in COUNTED:
            return school.counts.get(column, 0)
        if column == "on_hold":
            return school.held
        if column == "last_sync":
            return school.last_sync.timestamp() if school.last_sync else 0.0
        return _URGENT_FIRST.index(school.status)

    return sorted(by_name, key=value, reverse=sort.startswith("-"))


def schools_of(
    conn: sa.Connection,
    store: SnapshotStore,
    district: DistrictRow,
    waiting: Waiting,
    tally: pl.DataFrame,
    synced_at: datetime | None,
) -> list[School]:
    """Every school that is, or was, in a district's roster.

    What would be removed is as `Evaluated.tally` counts it; `synced_at` is when the last sync was
    completed.
    """
    here = _in_the_roster(store, district.baseline_ref)
    on_hold = _by_school(tally)
    schools = [
        School(
            id=school,
            name=name or school,
            low_grade=low,
            high_grade=high,
            status=standing_of(school, waiting, is_shared=True),
            counts=counts,
            on_hold=on_hold.get(school, {}),
            last_sync=synced_at,
        )
        for school, (name, low, high, counts) in here.items()
    ]
    return schools + [
        School(
            id=row.clever_id,
            name=row.name or row.clever_id,
            low_grade=row.low_grade,
            high_grade=row.high_grade,
            status=standing_of(row.clever_id, waiting, is_shared=False),
            counts={},
            on_hold={},
            last_sync=row.removed_at,
        )
        for row in _left(conn, district.id)
        if row.clever_id not in here
    ]


_Here = dict[str, tuple[str, str, str, dict[str, int]]]


def _in_the_roster(store: SnapshotStore, baseline_ref: str | None) -> _Here:
    """Clever id → name, grades and numbers of records of each school as applied last."""
    try:
        frames = frames_of(store, read_manifest(store, baseline_ref))
        listed = frames["schools"].select("clever_id", "name", "low_grade", "high_grade").collect()
        here: _Here = {
            school: (name, low, high, {}) for school, name, low, high in listed.iter_rows()
        }
        for kind in COUNTED:
            for school, number in count_at_schools(KINDS[kind], frames[kind]).iter_rows():
                if school in here:
                    here[school][3][kind] = number
    except SnapshotLostError:
        return {}
    return here


def _left(conn: sa.Connection, district_id: str) -> Sequence[sa.Row[Any]]:
    schools = ROSTER["schools"].c
    return conn.execute(  # type: ignore[return-value] # a row of texts and a time
        sa.select(
            schools.clever_id, schools.name, schools.low_grade, schools.high_grade,
            schools.removed_at,
        ).where(schools.district_id == district_id, schools.active.is_(sa.false()))
    ).all()  # fmt: skip


def _by_school(tally: pl.DataFrame) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    counted = tally.group_by("school", "kind").agg(pl.col("n").sum())
    for school, kind, number in counted.iter_rows():
        found.setdefault(school, {})[kind] = number
    return found
