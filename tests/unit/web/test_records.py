"""The table of records and the file of changes."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.offices import Office, emergency_contacts, removal, students

ComesIn = Callable[..., object]


@pytest.fixture
def visit(office: Office, comes_in: ComesIn, sync_id: str):
    leaving = students(120) + [
        replace(one, school="sch2", key=f"t{one.key}")
        for one in students(7, school_name="Roosevelt Middle")
    ]
    office.holds(sync_id, [removal(leaving, 300)], leaving)
    return comes_in(sync_id)


def test_fifty_records_a_page_until_the_last(visit):
    assert "1 to 50 of 127 records" in visit.reads("/records").text
    last = visit.reads("/records?page=3").text
    assert "101 to 127 of 127 records" in last
    assert "Page 3 of 3" in last


def test_a_search_finds_parts_of_names_in_any_case(visit):
    page = visit.reads("/records?q=jANE+11").text

    assert "of 11 records found (of 127)" in page


def test_signs_that_patterns_use_are_searched_as_they_are(visit):
    assert "No record fits" in visit.reads("/records?q=.*").text


def test_a_filter_by_school_shows_its_records_alone(visit):
    page = visit.reads("/records?school=sch2").text

    assert "1 to 7 of 7 records" in page
    assert 'value="sch2" selected' in page


def test_sorting_turns_round_on_a_second_click(visit):
    page = visit.reads("/records?sort=name").text
    turned = visit.reads("/records?sort=-name").text

    assert page.index("Doe, Jane 0<") < page.index("Doe, Jane 10<")
    assert 'aria-sort="ascending"' in page
    assert "sort=-name" in page
    assert "Doe, Jane 99<" in turned


@pytest.mark.parametrize(
    "nonsense", ["page=0", "page=-1", "page=x", "page=99999999999", "page=²", "sort=x", "kind=x"]
)
def test_what_cannot_be_used_of_an_address_counts_as_absent(visit, nonsense: str):
    answer = visit.reads(f"/records?{nonsense}")

    assert answer.status_code == 200
    assert "1 to 50 of 127 records" in answer.text


def test_a_page_beyond_the_last_is_the_first(visit):
    assert "1 to 50 of 127" in visit.reads("/records?page=400").text


def test_a_sync_without_a_list_says_so(comes_in: ComesIn, sync_id: str):
    assert "no list of records" in comes_in(sync_id).reads("/records").text


def test_the_file_of_changes_has_what_is_removed_added_and_changed(
    office: Office, visit, sync_id: str
):
    office.writes_changes(
        sync_id,
        "students",
        [
            {"change": "added", "clever_id": "n1", "first_name": "Ada", "last_name": "New"},
            {"change": "reidentified", "was": "old", "clever_id": "n2", "last_name": "Moved"},
            {"change": "removed", "clever_id": "gone"},
        ],
    )

    answer = visit.reads("/changes.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert [row["change"] for row in rows].count("removed") == 127
    assert {(row["id"], row["name"], row["former_id"]) for row in rows[127:]} == {
        ("n1", "New, Ada", ""),
        ("n2", "Moved, ", "old"),
    }


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_run_by_a_spreadsheet(
    office: Office, comes_in: ComesIn, sync_id: str, sign: str
):
    name = f'{sign}HYPERLINK("x"),\n"y"'
    leaving = [replace(one, name=name) for one in students(6)]
    office.holds(sync_id, [removal(leaving, 10)], leaving)

    content = comes_in(sync_id).reads("/changes.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))

    assert len(rows) == 6
    assert {row["name"] for row in rows} == {f"'{name}"}


@pytest.fixture
def with_a_past(office: Office, visit, sync_id: str, district: str):
    """Ann was in the third grade, and Bob goes; the roster knows both."""
    ann = {"clever_id": "ann", "last_name": "Ames", "first_name": "Ann", "email": "ann@x.org"}
    bob = {"clever_id": "s00001", "last_name": "Bell", "student_number": "77", "grade": "5"}
    office.has_a_roster(district, students=[{**ann, "grade": "3"}, bob])
    changed = {"change": "changed", **ann, "grade": "4"}
    office.writes_changes(sync_id, "students", [changed, {"change": "removed", **bob}])
    enrolments = [
        {"change": "removed", "student_clever_id": "s00001", "section_clever_id": section}
        for section in ("a", "b", "c")
    ]
    office.writes_changes(sync_id, "enrolments", enrolments)
    return visit


def test_what_goes_is_shown_as_it_was(with_a_past):
    row = with_a_past.reads("/records?q=s00001").text.partition("<tbody>")[2]

    assert re.search(r"number</span> 77<.*classes</span> 3<", row, re.DOTALL)


def test_what_changes_is_shown_before_and_after(with_a_past):
    page = with_a_past.reads("/records?change=changed").text

    assert "Ames, Ann" in page
    assert re.search(r"grade</span> 3 → 4<", page)
    assert "e-mail" not in page.partition("<tbody>")[2]


def test_the_file_of_changes_has_what_was_before_and_what_is_after(with_a_past):
    content = with_a_past.reads("/changes.csv").content.decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(content))}

    assert rows["ann"]["before"] == "grade: 3"
    assert rows["ann"]["after"] == "grade: 4"
    assert rows["s00001"]["before"] == "last_name: Bell; student_number: 77; grade: 5"
    assert rows["s00002"]["before"] == ""


def test_the_records_of_one_finding_are_its_own(office: Office, comes_in: ComesIn, sync_id: str):
    north = students(30, "North High", "n", "north")
    south = students(20, "South High", "s", "south")
    office.holds(sync_id, [removal(north, 300), removal(south, 100)], north + south)

    visit = comes_in(sync_id)

    assert "1 to 20 of 20 records found (of 50)" in visit.reads("/records?finding=2").text
    assert "1 to 50 of 50 records" in visit.reads("/records?finding=9").text


def test_what_needs_a_decision_is_listed_with_what_was_found(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.holds(sync_id, [emergency_contacts(30)])

    page = comes_in(sync_id).reads("/records?change=held").text

    assert "1 to 30 of 30 records" in page
    assert page.count(">Emergency</td>") == 30
