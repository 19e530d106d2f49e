"""All changes of a sync as one CSV file, for a spreadsheet."""

from collections.abc import Callable, Iterator
from typing import Final

import polars as pl
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rosterhold.adapters.database import views
from rosterhold.roster.changes import ADDED, CHANGED, REIDENTIFIED, REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.spreadsheets import QUOTE, STARTS
from rosterhold.statemachine.findings import record_key
from rosterhold.web.changed_records import COLUMNS, changes_of, removed_records, shown
from rosterhold.web.evaluated import Evaluated, evaluated
from rosterhold.web.security import district_of, own_sync, visitor_of
from rosterhold.web.site import site_of

_COLUMNS: Final = (*COLUMNS, "before", "after")
# People first, as in the list on the page.
_ORDER: Final = sorted(KINDS.values(), key=lambda kind: not kind.people)
_ROWS_AT_ONCE: Final = 20_000

# Excel takes a file for UTF-8 only with this at its start.
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def changes_csv(request: Request) -> Response:
    """Every record that a sync adds, changes, removes or gives a new id, with what it was."""
    site = site_of(request)
    with site.database.reading() as conn:
        visitor = visitor_of(request, conn)
        sync = own_sync(request, conn, visitor)
        hold = views.hold_view(conn, sync.id)
        if hold is None or not sync.evaluation_no:
            raise HTTPException(404)
        found = evaluated(conn, site.store, district_of(conn, sync), sync, hold)
    return StreamingResponse(
        _lines(found),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="changes-{sync.id}.csv"'},
    )


def _lines(found: Evaluated) -> Iterator[bytes]:
    yield _BYTE_ORDER_MARK + (",".join(_COLUMNS) + "\r\n").encode()
    for part in (_removed, _others, _changed):
        for kind in _ORDER:
            yield from _written(part(found, kind))


def _removed(found: Evaluated, kind: Kind) -> pl.LazyFrame | None:
    every = removed_records(found.store, found.prefix)
    if every is None:
        return None
    removed = every.filter(pl.col("kind") == kind.name)
    changes = changes_of(found.store, found.prefix, kind)
    if changes is None:
        removed = removed.with_columns(pl.lit("").alias("before"))
    else:
        was = changes.filter(pl.col("change") == REMOVED).select(
            record_key(kind.key).alias("id"), _told(kind, _is_said).alias("before")
        )
        removed = removed.join(was, on="id", how="left", maintain_order="left")
    return removed.select(*COLUMNS, pl.col("before").fill_null(""), pl.lit("").alias("after"))


def _others(found: Evaluated, kind: Kind) -> pl.LazyFrame | None:
    """What is added or re-identified of a kind."""
    changes = changes_of(found.store, found.prefix, kind)
    if changes is None:
        return None
    rows = changes.filter(pl.col("change").is_in([ADDED, REIDENTIFIED]))
    return _shown(found, kind, rows, before=pl.lit(""), after=_told(kind, _is_said))


def _changed(found: Evaluated, kind: Kind) -> pl.LazyFrame | None:
    """What is changed of a kind: the values that differ, before and after."""
    changes = changes_of(found.store, found.prefix, kind)
    if changes is None or not kind.columns:
        return None
    earlier = found.baseline()[kind.name].select(
        *kind.key, *(pl.col(column).alias(_before(column)) for column in kind.columns)
    )
    rows = changes.filter(pl.col("change") == CHANGED).join(
        earlier, on=kind.key, how="left", maintain_order="left"
    )
    return _shown(
        found,
        kind,
        rows,
        before=_told(kind, _differs, _before),
        after=_told(kind, _differs),
    )


def _shown(
    found: Evaluated, kind: Kind, rows: pl.LazyFrame, *, before: pl.Expr, after: pl.Expr
) -> pl.LazyFrame:
    return rows.select(*shown(kind, found.schools), before.alias("before"), after.alias("after"))


def _before(column: str) -> str:
    return f"{column} before"


def _is_said(column: str) -> pl.Expr:
    return pl.col(column) != ""


def _differs(column: str) -> pl.Expr:
    return pl.col(column).ne_missing(pl.col(_before(column)))


def _told(
    kind: Kind, wanted: Callable[[str], pl.Expr], where: Callable[[str], str] = str
) -> pl.Expr:
    """The values of a record in one cell: `grade: 4; email: ana@example.org`."""
    if not kind.columns:
        return pl.lit("")
    values = [
        pl.when(wanted(column)).then(
            pl.concat_str(pl.lit(f"{column}: "), pl.col(where(column)).fill_null(""))
        )
        for column in kind.columns
    ]
    return pl.concat_str(values, separator="; ", ignore_nulls=True)


def _written(rows: pl.LazyFrame | None) -> Iterator[bytes]:
    if rows is None:
        return
    harmless = rows.with_columns(
        pl.when(pl.col(column).str.slice(0, 1).is_in(list(STARTS)))
        .then(pl.concat_str(pl.lit(QUOTE), column))
        .otherwise(column)
        .alias(column)
        for column in _COLUMNS
    )
    for start in range(0, rows.select(pl.len()).collect().item(), _ROWS_AT_ONCE):
        part = harmless.slice(start, _ROWS_AT_ONCE).collect()
        yield part.write_csv(
            include_header=False, quote_style="always", line_terminator="\r\n"
        ).encode()
