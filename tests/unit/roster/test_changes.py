import polars as pl
import pytest

from rosterhold.roster.changes import ADDED, CHANGED, REIDENTIFIED, REMOVED, difference, target
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import INVALID_SCHEMA


@pytest.fixture
def changes():
    def of(before, now, invalid=None):
        invalid = pl.DataFrame(schema=INVALID_SCHEMA) if invalid is None else invalid
        return difference(before.frames(), now.frames(), invalid)

    return of


@pytest.fixture
def applied(changes):
    """Keys of the roster after applying, of one kind."""

    def of(kind, before, now, invalid=None):
        rows = target(now.frames(), changes(before, now, invalid))[kind]
        return set(rows.select(KINDS[kind].key).collect().iter_rows())

    return of


def keys(change_set, kind, change):
    return sorted(change_set.rows(kind, change).select(KINDS[kind].key).iter_rows())


@pytest.fixture
def lincoln(roster):
    """Three students in a class, two of them with a guardian."""
    before = roster().school("Lincoln", sis_id="1").students(3)
    before.section("c1", "Lincoln", ["s0", "s1", "s2"], sis_id="c-1")
    return before.guardian("g0", "s0").guardian("g1", "s1")


def test_the_same_roster_has_no_changes(lincoln, changes):
    found = changes(lincoln, lincoln)
    assert all(frame.is_empty() for frame in found.frames.values())
    assert not found.kept
    assert found.counts["students"].total == found.baseline_counts["students"] == 3


def test_everything_is_new_in_a_first_sync(roster, lincoln, changes):
    found = changes(roster(), lincoln)
    assert found.counts["students"].added == 3
    assert found.counts["enrolments"].added == 3


def test_every_kind_has_a_frame_of_all_its_columns(lincoln, changes):
    found = changes(lincoln, lincoln.later().student("new"))
    assert {name: frame.columns for name, frame in found.frames.items()} == {
        name: ["change", "was", *kind.all_columns] for name, kind in KINDS.items()
    }


def test_added_changed_and_removed_records_are_told_apart(lincoln, changes):
    now = lincoln.later().student("new").leaves("students", "s2")
    found = changes(lincoln, now.changes("students", "s1", grade="4"))
    assert keys(found, "students", ADDED) == [("new",)]
    assert keys(found, "students", REMOVED) == [("s2",)]
    assert found.rows("students", CHANGED)["grade"].to_list() == ["4"]
    assert keys(found, "enrolments", REMOVED) == [("c1", "s2")]


def test_derived_columns_are_not_compared(lincoln, changes):
    now = lincoln.later().changes("contacts", "g0", school_clever_id="Adams")
    assert changes(lincoln, now).counts["contacts"].changed == 0


def test_a_pair_changes_with_its_values(lincoln, changes):
    now = lincoln.later().link("g0", "s0", ["Family"])
    assert keys(changes(lincoln, now), "guardianships", CHANGED) == [("g0", "s0")]


def test_a_null_is_another_value_than_an_empty_text(lincoln):
    now = lincoln.frames()
    grade = pl.when(pl.col("clever_id") != "s0").then("grade").alias("grade")
    now["students"] = now["students"].with_columns(grade)
    found = difference(lincoln.frames(), now, pl.DataFrame(schema=INVALID_SCHEMA))
    assert keys(found, "students", CHANGED) == [("s0",)]


def test_a_renamed_student_is_reidentified_and_his_pairs_stay(lincoln, changes):
    found = changes(lincoln, lincoln.later().renames("students", "s0", "z0"))
    row = found.rows("students", REIDENTIFIED).row(0, named=True)
    assert (row["was"], row["clever_id"]) == ("s0", "z0")
    assert (found.counts["students"].added, found.counts["students"].removed) == (0, 0)
    assert found.frames["enrolments"].is_empty()
    assert found.frames["guardianships"].is_empty()


def test_a_renamed_class_keeps_its_enrolments(lincoln, changes):
    found = changes(lincoln, lincoln.later().renames("sections", "c1", "d1"))
    assert found.counts["sections"].reidentified == 1
    assert found.frames["enrolments"].is_empty()


def test_a_pair_of_a_renamed_student_can_still_change(lincoln, changes):
    now = lincoln.later().renames("students", "s0", "z0").link("g0", "z0", ["Family"])
    found = changes(lincoln, now)
    assert keys(found, "guardianships", CHANGED) == [("g0", "z0")]


def test_removed_pairs_carry_the_ids_of_the_baseline(lincoln, changes):
    now = lincoln.later().renames("students", "s0", "z0")
    del now.rows["enrolments"]["c1", "z0"]
    assert keys(changes(lincoln, now), "enrolments", REMOVED) == [("c1", "s0")]


def test_records_that_name_a_renamed_school_change(lincoln, changes):
    found = changes(lincoln, lincoln.later().renames("schools", "Lincoln", "Lincoln-2"))
    assert found.counts["schools"].reidentified == 1
    assert found.counts["students"].changed == 3


def test_a_record_that_cannot_be_read_is_kept(lincoln, changes, applied, unreadable):
    now, invalid = lincoln.later().leaves("students", "s0", "s1"), unreadable(students=["s0"])
    found = changes(lincoln, now, invalid)
    assert keys(found, "students", REMOVED) == [("s1",)]
    assert found.kept["students"]["clever_id"].to_list() == ["s0"]
    assert found.counts["students"].total == 2
    assert applied("students", lincoln, now, invalid) == {("s0",), ("s2",)}


def test_an_unreadable_record_that_never_was_in_the_roster_is_not_kept(
    lincoln, changes, unreadable
):
    assert not changes(lincoln, lincoln, unreadable(students=["new"])).kept


def test_pairs_of_an_unreadable_record_that_never_was_in_the_roster_come_with_it(
    lincoln, changes, applied, unreadable
):
    later = lincoln.later().student("new").guardian("g2", "new")
    later.section("c2", "Lincoln", ["s0", "new"], sis_id="c-2")
    now = later.later()
    # Clever's lists of the class and of the contact name the student all the same.
    del now.rows["students"]["new",]
    invalid = unreadable(students=["new"])

    found = changes(lincoln, now, invalid)
    assert keys(found, "enrolments", ADDED) == [("c2", "s0")]
    assert found.counts["enrolments"].total == 4
    assert applied("guardianships", lincoln, now, invalid) == {("g0", "s0"), ("g1", "s1")}

    now.rows["enrolments"].pop(("c2", "new"))
    now.rows["guardianships"].pop(("g2", "new"))
    found = changes(now, later)
    assert keys(found, "enrolments", ADDED) == [("c2", "new")]
    assert keys(found, "guardianships", ADDED) == [("g2", "new")]


@pytest.mark.parametrize(
    ("kind", "clever_id", "pairs", "kept"),
    [
        ("students", "s0", "enrolments", {("c1", "s0")}),
        ("students", "s0", "guardianships", {("g0", "s0")}),
        ("sections", "c1", "enrolments", {("c1", "s0"), ("c1", "s1"), ("c1", "s2")}),
        ("contacts", "g0", "guardianships", {("g0", "s0")}),
    ],
)
def test_what_hangs_on_an_unreadable_record_is_kept(
    lincoln, changes, unreadable, kind, clever_id, pairs, kept
):
    now = lincoln.later().leaves(kind, clever_id)
    found = changes(lincoln, now, unreadable(**{kind: [clever_id]}))
    assert set(found.kept[pairs].select(KINDS[pairs].key).iter_rows()) == kept
    assert found.counts[pairs].removed == 0


def test_a_record_without_an_id_keeps_all_missing_ones_of_its_kind(lincoln, changes, unreadable):
    now = lincoln.later().leaves("students", "s0", "s1").leaves("sections", "c1")
    found = changes(lincoln, now, unreadable(students=[""]))
    assert found.counts["students"].removed == 0
    assert found.kept["guardianships"].height == 2
    # The class could be read, is gone, and takes its enrolments along.
    assert keys(found, "sections", REMOVED) == [("c1",)]
    assert found.counts["enrolments"].removed == 3


def test_a_class_without_an_id_keeps_missing_enrolments_but_of_removed_students(
    lincoln, changes, unreadable
):
    now = lincoln.later().leaves("students", "s0")
    del now.rows["enrolments"]["c1", "s1"]
    found = changes(lincoln, now, unreadable(sections=[""]))
    assert keys(found, "enrolments", REMOVED) == [("c1", "s0")]
    assert found.kept["enrolments"]["student_clever_id"].to_list() == ["s1"]


def test_a_renamed_record_is_not_kept_as_well(lincoln, changes, unreadable):
    now = lincoln.later().renames("students", "s0", "z0").leaves("students", "s1")
    found = changes(lincoln, now, unreadable(students=[""]))
    assert found.counts["students"].reidentified == 1
    assert found.kept["students"]["clever_id"].to_list() == ["s1"]


def test_an_unreadable_record_is_not_there_under_another_id(lincoln, changes, unreadable):
    now = lincoln.later().renames("students", "s0", "z0")
    found = changes(lincoln, now, unreadable(students=["s0"]))
    assert found.counts["students"].reidentified == 0
    assert found.kept["students"]["clever_id"].to_list() == ["s0"]


def test_kept_rows_name_other_records_by_todays_ids(lincoln, changes, unreadable):
    now = lincoln.later().renames("schools", "Lincoln", "Lincoln-2").renames("students", "s1", "z1")
    now.leaves("students", "s0").leaves("sections", "c1")
    found = changes(lincoln, now, unreadable(students=["s0"], sections=["c1"]))
    student = found.kept["students"].row(0, named=True)
    assert student["school_clever_id"] == "Lincoln-2"
    assert student["school_clever_ids"] == '["Lincoln-2"]'
    assert ("c1", "z1") in set(found.kept["enrolments"].select(KINDS["enrolments"].key).iter_rows())


def test_kinds_with_nothing_kept_are_the_snapshots_own(lincoln, changes):
    snapshot = lincoln.frames()
    found = difference(lincoln.frames(), snapshot, pl.DataFrame(schema=INVALID_SCHEMA))
    assert target(snapshot, found)["students"] is snapshot["students"]
