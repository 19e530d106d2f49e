import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from rosterhold.cli.files import written
from rosterhold.cli.output import CliError, cell_of, print_table, shown, write_csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(start):
    assert cell_of(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Doe, Jane", "Doe, Jane"),
        (None, ""),
        (-3, "-3"),
        (True, "true"),
        (datetime(2025, 1, 2, 3, 4, tzinfo=UTC), "2025-01-02T03:04:00+00:00"),
    ],
)
def test_other_cells_stay_as_they_are(cell, text):
    assert cell_of(cell) == text


def test_csv_has_its_heading_and_counts_its_rows():
    file = io.StringIO()
    assert write_csv(file, ("a", "b"), [("x", "=y"), ("1,2", None)]) == 2
    assert file.getvalue() == 'a,b\nx,\'=y\n"1,2",\n'


def test_a_table_in_a_pipe_is_not_folded(capsys):
    print_table(("id", "what"), [("1", "word " * 30)], empty="nothing")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_looks_like_markup_is_printed_as_it_is(capsys):
    print_table(("name",), [("[red]School[/]",)], empty="nothing")
    assert "[red]School[/]" in capsys.readouterr().out


def test_no_rows_are_a_sentence(capsys):
    print_table(("id",), [], empty="Nothing is on hold.")
    assert capsys.readouterr().out == "Nothing is on hold.\n"


def test_values_are_shown_for_people():
    assert shown(None) == "-"
    assert shown([]) == "-"
    assert shown(["a", "b"]) == "a, b"
    assert shown(True) == "yes"


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before")
    with suppress(ZeroDivisionError), written(path) as draft:
        draft.write_text("half")
        draft.write_text(str(1 / 0))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CliError, match="cannot be written"), written(tmp_path / "no" / "out.csv"):
        pass
