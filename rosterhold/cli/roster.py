"""`rosterhold roster export`: the applied roster of one district."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import msgspec
import polars as pl
import sqlalchemy as sa
import typer

from rosterhold.adapters.database.roster_tables import ROSTER, part_id
from rosterhold.adapters.database.types import UtcDateTime
from rosterhold.cli.files import written
from rosterhold.cli.output import CliError, note, write_csv
from rosterhold.cli.session import database_of
from rosterhold.cli.words import the_district
from rosterhold.roster.kinds import KINDS, Kind, kind_named

app = typer.Typer(help="The applied roster.")

ROWS_AT_ONCE: Final = 5_000
ROWS_IN_A_PART: Final = 100_000


class Format(StrEnum):
    """How the records are written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@app.callback()
def roster() -> None:
    """The applied roster."""


@app.command()
def export(
    ctx: typer.Context,
    district: Annotated[str, typer.Argument(help="The district's id, ours or Clever's.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")],
    written_as: Annotated[
        Format,
        typer.Option("--format", help="In csv, cells that a spreadsheet would run are quoted."),
    ] = Format.CSV,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; standard output without it.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="The deactivated records too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Export the active records of one kind."""
    meant = kind_named(kind)
    if meant is None:
        raise CliError(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
    if as_json:
        written_as = Format.JSON
    if written_as is Format.PARQUET and out is None:
        raise CliError("parquet needs --out FILE")
    with database_of(ctx) as database, database.reading() as conn:
        district_id = the_district(conn, district).id
        columns, query = _query(meant, district_id, everything=everything)
        rows = _stream(conn, query)
        if out is not None and written_as is Format.PARQUET:
            count = _write_parquet(out, columns, rows)
        else:
            with _output(out) as file:
                names = [column.name for column in columns]
                write = _write_json if written_as is Format.JSON else write_csv
                count = write(file, names, rows)
    if out is not None:
        note(f"{count} {meant.words[count != 1]} written to {out}")


def _query(
    kind: Kind, district_id: str, *, everything: bool
) -> tuple[list[sa.Column[Any]], sa.Select[Any]]:
    """The columns of a kind, and its records of one district by Clever id.

    That is the order of the table's unique index, so that no database sorts them in memory.
    """
    table = ROSTER[kind.name]
    columns = [column for column in table.c if column.name != "district_id"]
    key = [part_id(name) for name in kind.key] if kind.is_pair else list(kind.key)
    own = table.c.district_id == district_id
    query = sa.select(*columns).where(own).order_by(*(table.c[name] for name in key))
    return columns, query if everything else query.where(table.c.active)


def _stream(conn: sa.Connection, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows, of which only ROWS_AT_ONCE are in memory."""
    result = conn.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(query)
    return (tuple(row) for part in result.partitions() for row in part)


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with written(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        yield file


def _write_json(file: TextIO, columns: list[str], rows: Iterator[tuple[Any, ...]]) -> int:
    """One array, a record a line."""
    encode = msgspec.json.Encoder().encode
    count = 0
    file.write("[")
    for row in rows:
        file.write(",\n" if count else "\n")
        file.write(encode(dict(zip(columns, row, strict=True))).decode())
        count += 1
    file.write("\n]\n" if count else "]\n")
    return count


def _write_parquet(
    path: Path, columns: list[sa.Column[Any]], rows: Iterator[tuple[Any, ...]]
) -> int:
    """Write part by part, then join the parts in one pass: a million rows never are in memory."""
    schema = {column.name: _type(column) for column in columns}
    count = 0
    with tempfile.TemporaryDirectory(prefix="rosterhold-export-") as folder, written(path) as draft:
        parts: list[Path] = []
        while part := list(islice(rows, ROWS_IN_A_PART)):
            parts.append(Path(folder) / f"{len(parts):06}.parquet")
            pl.DataFrame(part, schema=schema, orient="row").write_parquet(parts[-1])
            count += len(part)
        if parts:
            pl.scan_parquet(parts).sink_parquet(draft)
        else:
            pl.DataFrame(schema=schema).write_parquet(draft)
    return count


def _type(column: sa.Column[Any]) -> pl.DataType:
    match column.type:
        case sa.Boolean():
            return pl.Boolean()
        case sa.Integer() | sa.BigInteger():
            return pl.Int64()
        case UtcDateTime():
            return pl.Datetime("us", "UTC")
        case _:
            return pl.String()
