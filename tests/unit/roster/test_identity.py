import polars as pl
import pytest

from rosterhold.roster.identity import same_records
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import schema


def rows(kind, *records):
    full = [dict.fromkeys(KINDS[kind].all_columns, "") | record for record in records]
    return pl.DataFrame(full, schema=schema(KINDS[kind]))


def matches(kind, missing, added):
    """Old and new ids; records are named old0, old1 … and new0, new1 …"""
    old = [{"clever_id": f"old{number}", **record} for number, record in enumerate(missing)]
    new = [{"clever_id": f"new{number}", **record} for number, record in enumerate(added)]
    return sorted(same_records(KINDS[kind], rows(kind, *old), rows(kind, *new)).iter_rows())


MATCH = [("old0", "new0")]
SAM = {"first_name": "Sam", "last_name": "Lee", "dob": "2015-03-01"}
ANN = {"last_name": "Ann Lee"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [(name, dict.fromkeys(group, "7")) for name, kind in KINDS.items() for group in kind.identity],
)
def test_each_group_of_each_kind_names_the_same_record(kind, values):
    assert matches(kind, [values], [values]) == MATCH


@pytest.mark.parametrize(
    ("kind", "missing", "added"),
    [
        ("students", SAM, {**SAM, "first_name": " SAM "}),
        ("contacts", {**ANN, "email": "ann@x.org"}, {**ANN, "email": " Ann@X.org"}),
        ("contacts", {**ANN, "phone": "336-533-1632"}, {**ANN, "phone": "(336) 533 1632"}),
        ("contacts", {**ANN, "phone": "336-533-1632"}, {**ANN, "phone": "1-(336) 533-1632"}),
        (
            "contacts",
            {"last_name": "LEE,  Ann", "student_clever_id": "s1"},
            {"last_name": "Ann Lee", "student_clever_id": "s1"},
        ),
    ],
)
def test_writing_it_otherwise_makes_no_other_person(kind, missing, added):
    assert matches(kind, [missing], [added]) == MATCH


@pytest.mark.parametrize(
    ("kind", "missing", "added"),
    [
        ("students", {"sis_id": ""}, {"sis_id": ""}),
        ("students", {**SAM, "dob": ""}, {**SAM, "dob": ""}),
        ("students", SAM, {**SAM, "first_name": "Max"}),
        ("contacts", {**ANN, "phone": "n/a"}, {**ANN, "phone": "n/a"}),
        ("contacts", ANN, ANN),
    ],
)
def test_too_little_in_common_makes_no_same_person(kind, missing, added):
    assert matches(kind, [missing], [added]) == []


@pytest.mark.parametrize("shared", [{"email": "home@x.org"}, {"phone": "3365331632"}])
def test_another_parent_of_the_household_is_not_the_one_who_left(shared):
    shared = {**shared, "student_clever_id": "s1"}
    assert matches("contacts", [{**ANN, **shared}], [{"last_name": "Bob Ray", **shared}]) == []


def test_what_several_share_names_none_of_them():
    assert matches("students", [SAM, SAM], [SAM]) == []
    assert matches("students", [SAM], [SAM, SAM]) == []


def test_a_better_group_wins():
    missing = [{**SAM, "sis_id": "1"}]
    added = [SAM, {"sis_id": "1", "first_name": "Samuel"}]
    assert matches("students", missing, added) == [("old0", "new1")]


def test_a_matched_record_takes_no_part_in_later_groups():
    missing = [{**SAM, "sis_id": "1"}, SAM]
    added = [{**SAM, "sis_id": "1"}, SAM]
    assert matches("students", missing, added) == [("old0", "new0"), ("old1", "new1")]


def test_a_guardian_is_known_by_a_student_who_was_renamed(roster, judge):
    before = roster().student("s1").guardian("g1", "s1", last_name="Ann Lee", phone="1")
    now = before.later().renames("students", "s1", "z1").renames("contacts", "g1", "g2")
    now.changes("contacts", "g2", phone="2")
    counts = judge(before, now).changes.counts
    assert (counts["contacts"].reidentified, counts["guardianships"].removed) == (1, 0)
