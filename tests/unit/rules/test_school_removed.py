import pytest


@pytest.fixture
def gone(roster):
    """Adams goes with its two students, a class and a guardian."""
    before = roster().school("Lincoln").school("Adams", name="Adams Middle").students(30)
    before.student("a1", "Adams").student("a2", "Adams").section("c1", "Adams", ["a1"])
    before.guardian("g1", "a1")
    now = before.later().leaves("sections", "c1").leaves("students", "a1", "a2")
    return before, now.leaves("contacts", "g1").leaves("schools", "Adams")


def approve(subjects, findings):
    return subjects(*((f.rule, *row) for f in findings for row in f.subjects.iter_rows()))


def test_a_school_that_goes_is_held_with_every_removed_record_of_it(gone, findings):
    (found,) = findings("school_removed", *gone)
    assert set(found.subjects.select("kind", "key").iter_rows()) == {
        ("schools", "Adams"),
        ("students", "a1"),
        ("students", "a2"),
        ("sections", "c1"),
        ("contacts", "g1"),
        ("enrolments", "c1/a1"),
        ("guardianships", "g1/a1"),
    }
    assert found.sentence == (
        "Adams Middle is no longer in the data from Clever and would be removed with "
        "2 students, 1 guardian and 1 class."
    )
    assert (found.school, found.school_name, found.records) == ("Adams", "Adams Middle", 7)


def test_a_school_that_goes_is_not_found_by_the_rules_for_schools_again(gone, judge):
    rules = {finding.rule for finding in judge(*gone).findings if finding.school == "Adams"}
    assert rules == {"school_removed"}


def test_an_empty_school_that_goes_is_held(roster, findings):
    before = roster().school("Lincoln").school("Adams")
    (found,) = findings("school_removed", before, before.later().leaves("schools", "Adams"))
    assert found.sentence == "Adams is no longer in the data from Clever and would be removed."


def test_students_who_move_elsewhere_are_no_subjects(gone, findings):
    before, now = gone
    (found,) = findings("school_removed", before, now.later().student("a1", "Lincoln"))
    assert ("students", "a1", "") not in set(found.subjects.iter_rows())


def test_a_school_approved_as_gone_is_not_held_again(gone, findings, subjects):
    approved = approve(subjects, findings("school_removed", *gone))
    assert not findings("school_removed", *gone, approved=approved)


def test_one_more_record_of_a_school_approved_as_gone_is_held_alone(gone, findings, subjects):
    before, now = gone
    approved = approve(subjects, findings("school_removed", before, now.later().student("a2")))
    (found,) = findings("school_removed", before, now, approved=approved)
    assert set(found.subjects.iter_rows()) == {("students", "a2", "")}
    assert found.sentence == (
        "Adams Middle is no longer in the data from Clever, and more of it would be removed "
        "than was confirmed: 1 student."
    )


def test_a_school_itself_not_approved_is_held_though_its_students_are(gone, findings, subjects):
    approved = subjects(("share_removed", "students", "a1", ""))
    (found,) = findings("school_removed", *gone, approved=approved)
    assert ("schools", "Adams", "") in set(found.subjects.iter_rows())
    assert ("students", "a1", "") not in set(found.subjects.iter_rows())


def test_a_school_that_could_not_be_read_does_not_go(gone, findings, unreadable):
    assert not findings("school_removed", *gone, invalid=unreadable(schools=["Adams"]))


def test_a_school_under_a_new_clever_id_does_not_go(roster, findings):
    before = roster().school("Lincoln", sis_id="1").students(3)
    assert not findings(
        "school_removed", before, before.later().renames("schools", "Lincoln", "Lincoln-2")
    )
