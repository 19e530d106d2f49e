import pytest

from rosterhold.statemachine.policy import Policies, Policy
from rosterhold.statemachine.reasons import Reason


@pytest.fixture
def found(judge):
    """What the rule finds of students, by place."""

    def of(before, now, **more):
        findings = judge(before, now, **more).findings
        return {
            finding.school: finding
            for finding in findings
            if finding.rule == "share_removed" and finding.kind == "students"
        }

    return of


def losing(roster, students, lost):
    before = roster().school("Lincoln").students(students)
    return before, before.later().leaves("students", *(f"s{number}" for number in range(lost)))


@pytest.mark.parametrize(("lost", "held"), [(9, False), (10, False), (11, True)])
def test_more_than_a_tenth_of_a_kind_is_held(roster, found, lost, held):
    assert bool(found(*losing(roster, 100, lost))) == held


@pytest.mark.parametrize(("lost", "held"), [(4, False), (5, True), (6, True)])
def test_fewer_than_five_records_are_not_held(roster, found, lost, held):
    assert bool(found(*losing(roster, 20, lost))) == held


def test_both_the_district_and_the_school_are_found(roster, found):
    assert found(*losing(roster, 100, 11)).keys() == {"", "Lincoln"}


def test_the_finding_says_everything_needed_to_judge(roster, found):
    before = roster().school("Lincoln", name="Lincoln Elementary").students(240)
    now = before.later().leaves("students", *(f"s{number}" for number in range(212)))
    finding = found(before, now)["Lincoln"]
    assert finding.reason == Reason.DATA_REMOVALS
    assert finding.sentence == (
        "Lincoln Elementary would lose 212 of 240 students (88 %). The limit is 10 %."
    )
    assert (finding.records, finding.of, finding.limit) == (212, 240, 0.10)
    assert finding.subjects.height == 212
    assert finding.subjects.row(0) == ("students", "s0", "")


def test_a_share_just_over_the_limit_does_not_read_like_the_limit(roster, found):
    sentence = found(*losing(roster, 999, 100))["Lincoln"].sentence
    assert "(10.01 %)" in sentence


def test_a_school_is_found_though_the_district_is_below_the_limit(roster, found):
    before = (
        roster().school("Lincoln").school("Adams").students(20).students(200, "Adams", prefix="a")
    )
    now = before.later().leaves("students", *(f"s{number}" for number in range(5)))
    assert found(before, now).keys() == {"Lincoln"}


def test_the_policy_of_a_school_wins_over_that_of_the_district(roster, found):
    policies = Policies(Policy(), {"Lincoln": Policy(max_removed_share=0.5)})
    before, now = losing(roster, 100, 50)
    assert found(before, now, policies=policies).keys() == {""}
    before, now = losing(roster, 100, 51)
    assert found(before, now, policies=policies).keys() == {"", "Lincoln"}


def test_the_policy_of_a_school_holds_under_its_new_id(roster, found):
    policies = Policies(Policy(), {"Lincoln": Policy(max_removed_share=0.5)})
    before = roster().school("Lincoln", sis_id="1").students(100)
    now = before.later().renames("schools", "Lincoln", "Lincoln-2")
    now.leaves("students", *(f"s{number}" for number in range(50)))
    assert found(before, now, policies=policies).keys() == {""}


def test_a_student_of_two_schools_counts_for_both(roster, found):
    before = roster().school("Lincoln").school("Adams")
    before.students(5, "Lincoln", "Adams").students(20, "Lincoln", prefix="l")
    before.students(20, "Adams", prefix="a")
    now = before.later().leaves("students", *(f"s{number}" for number in range(5)))
    assert {place: (f.records, f.of) for place, f in found(before, now).items()} == {
        "": (5, 45),
        "Lincoln": (5, 25),
        "Adams": (5, 25),
    }


def test_students_who_move_to_another_school_are_not_removed(roster, found):
    before = roster().school("Lincoln").school("Adams").students(20)
    now = before.later()
    for number in range(10):
        now.student(f"s{number}", "Adams")
    assert not found(before, now)


def test_students_with_a_new_clever_id_are_not_removed(roster, found):
    before = roster().school("Lincoln").students(100)
    now = before.later()
    for number in range(50):
        now.renames("students", f"s{number}", f"new{number}")
    assert not found(before, now)


def test_students_who_cannot_be_read_are_not_removed(roster, found, unreadable):
    before, now = losing(roster, 100, 50)
    invalid = unreadable(students=[f"s{number}" for number in range(50)])
    assert not found(before, now, invalid=invalid)


def test_approved_removals_are_not_counted_again(roster, found, subjects):
    before, now = losing(roster, 100, 21)
    approved = subjects(*(("share_removed", "students", f"s{n}", "") for n in range(11)))
    assert not found(before, now, approved=approved)


def test_new_removals_over_the_limit_are_held_alone(roster, found, subjects):
    before, now = losing(roster, 100, 22)
    approved = subjects(*(("share_removed", "students", f"s{n}", "") for n in range(11)))
    finding = found(before, now, approved=approved)[""]
    assert (finding.records, finding.of) == (11, 100)
    assert set(finding.subjects["key"]) == {f"s{number}" for number in range(11, 22)}


def test_nothing_is_found_of_a_district_that_loses_nothing(roster, found):
    before = roster().school("Lincoln").students(10)
    assert not found(before, before.later())


def test_the_first_sync_removes_nothing(roster, found):
    assert not found(None, roster().school("Lincoln").students(10))
