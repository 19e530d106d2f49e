"""How commands speak: data on standard output, everything else on standard error."""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TextIO

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rosterhold.roster.spreadsheets import neutral

# Exit codes that scripts can use.
DONE: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2
ON_HOLD: Final = 3
INTERRUPTED: Final = 130

# A table in a pipe is as wide as it needs to be.
PIPE_WIDTH: Final = 240

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


class CliError(Exception):
    """Raised for what the user has to know in one line; nothing was changed."""

    def __init__(self, sentence: str, code: int = WRONG_INPUT) -> None:
        super().__init__(sentence)
        self.code = code


def say(text: str) -> None:
    """A line for people, on standard output."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line beside the data, on standard error."""
    sys.stderr.write(f"{text}\n")


def print_json(data: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under their columns, or the sentence `empty` when there are none."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(shown(cell)) for cell in row))
    if not table.row_count:
        say(empty)
        return
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(highlight=False, width=width).print(table)


def shown(cell: object) -> str:
    """A value as people read it; times in UTC to the second."""
    match cell:
        case None | "":
            return "-"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case list() | tuple():
            return ", ".join(str(part) for part in cell) or "-"
        case _:
            return str(cell)


def cell_of(cell: object) -> str:
    """A value as a cell of CSV that a spreadsheet does not run as a formula."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case datetime():
            return cell.isoformat()
    return neutral(str(cell))


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> int:
    """Write rows with their heading, neutralised for spreadsheets; gives how many there were."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell_of(cell) for cell in row])
        count += 1
    return count
