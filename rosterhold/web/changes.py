"""All changes of a sync as one CSV file, for a spreadsheet."""

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl
import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rosterhold.adapters import layout
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.roster.changes import REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.findings import record_key
from rosterhold.web.security import own_sync, visitor_of
from rosterhold.web.site import site_of

_COLUMNS: Final = ("change", "kind", "id", "name", "detail", "school_id", "school", "former_id")
_ROWS_AT_ONCE: Final = 20_000

# Excel takes a file for UTF-8 only with this at its start.
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# A spreadsheet runs a cell that begins like this (OWASP, CSV Injection).
_RUNS: Final = r"^[=+\-@\t\r\n]"


def changes_csv(request: Request) -> Response:
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        names = _school_names(conn, visitor.district.id)
    if not sync.evaluation_no:
        raise HTTPException(404)
    prefix = layout.evaluation_prefix(sync.district_id, sync.id, sync.evaluation_no)
    return StreamingResponse(
        _lines(site.store, prefix, names),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="changes-{sync.id}.csv"'},
    )


def _school_names(conn: sa.Connection, district_id: str) -> dict[str, str]:
    schools = ROSTER["schools"]
    rows = conn.execute(
        sa.select(schools.c.clever_id, schools.c.name).where(schools.c.district_id == district_id)
    )
    return {row.clever_id: row.name for row in rows}


def _lines(store: SnapshotStore, prefix: str, names: Mapping[str, str]) -> Iterator[bytes]:
    yield _BYTE_ORDER_MARK + (",".join(_COLUMNS) + "\r\n").encode()
    yield from _written(_removed(store, prefix))
    for kind in KINDS.values():
        yield from _written(_others(store, prefix, kind, names))


def _removed(store: SnapshotStore, prefix: str) -> pl.LazyFrame | None:
    try:
        removed = store.scan([layout.removed_ref(prefix)])
    except SnapshotLostError:
        return None
    return removed.select(
        pl.lit(REMOVED).alias("change"),
        "kind",
        pl.col("key").alias("id"),
        "name",
        "detail",
        pl.col("school").alias("school_id"),
        pl.col("school_name").alias("school"),
        pl.lit("").alias("former_id"),
    )


def _others(
    store: SnapshotStore, prefix: str, kind: Kind, names: Mapping[str, str]
) -> pl.LazyFrame | None:
    """What is added, changed or re-identified of a kind."""
    try:
        changes = store.scan([layout.changes_ref(prefix, kind.name)])
    except SnapshotLostError:
        return None
    school = pl.col("school_clever_id") if kind.has_school else pl.lit("")
    return changes.filter(pl.col("change") != REMOVED).select(
        "change",
        pl.lit(kind.name).alias("kind"),
        record_key(kind.key).alias("id"),
        _name(kind).alias("name"),
        pl.lit("").alias("detail"),
        school.alias("school_id"),
        school.replace_strict(names, default="", return_dtype=pl.String()).alias("school"),
        pl.col("was").alias("former_id"),
    )


def _name(kind: Kind) -> pl.Expr:
    if "last_name" in kind.columns:
        return pl.concat_str("last_name", "first_name", separator=", ")
    return pl.col("name") if "name" in kind.columns else pl.lit("")


def _written(rows: pl.LazyFrame | None) -> Iterator[bytes]:
    if rows is None:
        return
    harmless = rows.with_columns(
        pl.when(pl.col(column).str.contains(_RUNS))
        .then(pl.concat_str(pl.lit("'"), column))
        .otherwise(column)
        .alias(column)
        for column in _COLUMNS
    )
    for start in range(0, rows.select(pl.len()).collect().item(), _ROWS_AT_ONCE):
        part = harmless.slice(start, _ROWS_AT_ONCE).collect()
        yield part.write_csv(
            include_header=False, quote_style="always", line_terminator="\r\n"
        ).encode()
