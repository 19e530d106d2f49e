import pytest

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.statemachine.policy import Policies, Policy
from rosterhold.statemachine.reasons import Reason

RULE = "guardians_per_student"


@pytest.mark.parametrize(("guardians", "held"), [(5, False), (6, True), (7, True)])
def test_six_guardians_or_more_are_held(roster, findings, guardians, held):
    now = roster().school("Lincoln").student("s1").guardians(guardians, "s1")
    assert bool(findings(RULE, None, now)) == held


def test_the_finding_names_the_student_and_the_number(roster, findings):
    now = roster().student("s1").guardians(7, "s1").student("s2").guardians(2, "s2", prefix="h")
    (found,) = findings(RULE, None, now)
    assert found.reason == Reason.DATA_CONFIGURATION
    assert list(found.subjects.iter_rows()) == [("students", "s1", "7 guardians")]
    assert found.sentence == "The district has 1 student with 6 or more guardians; the most is 7."
    assert (found.measured, found.limit, found.records, found.of) == (7, 6, 1, 2)


@pytest.mark.parametrize(("guardians", "held"), [(6, False), (7, False), (8, True)])
def test_an_accepted_student_is_held_again_with_more(roster, findings, subjects, guardians, held):
    now = roster().student("s1").guardians(guardians, "s1")
    accepted = subjects((RULE, "students", "s1", "7 guardians"))
    assert bool(findings(RULE, None, now, accepted=accepted)) == held


def test_the_highest_of_several_accepted_numbers_counts(roster, findings, subjects):
    now = roster().student("s1").guardians(12, "s1")
    accepted = subjects(
        (RULE, "students", "s1", "12 guardians"), (RULE, "students", "s1", "7 guardians")
    )
    assert not findings(RULE, None, now, accepted=accepted)


def test_an_accepted_student_stays_accepted_under_a_new_clever_id(roster, judge, subjects):
    before = roster().student("s1").guardians(7, "s1")
    accepted = subjects((RULE, "students", "s1", "7 guardians"))
    now = before.later().renames("students", "s1", "z1")
    evaluation = judge(before, now, accepted=accepted)
    assert not evaluation.findings
    assert evaluation.accepted.row(0) == (RULE, "students", "z1", "7 guardians")


def test_a_school_is_judged_by_its_own_limit(roster, findings):
    now = roster().student("s1", "Lincoln").guardians(8, "s1")
    now.student("a1", "Adams").guardians(8, "a1", prefix="h")
    policies = Policies(Policy(), {"Adams": Policy(min_guardians_held=9)})
    assert [found.school for found in findings(RULE, None, now, policies=policies)] == [""]
    policies = Policies(Policy(), {"Adams": Policy(min_guardians_held=8)})
    found = findings(RULE, None, now, policies=policies)
    assert {finding.school: finding.limit for finding in found} == {"": 6, "Adams": 8}


def test_nothing_is_held_where_the_crowd_is_left_out(roster, judge):
    before = roster().student("s1").guardians(6, "s1")
    now = before.later().guardians(8, "s1")
    assert not judge(before, now, leave_out=LeaveOut(crowded=True)).findings
