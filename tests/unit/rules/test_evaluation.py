import pytest

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.statemachine.evaluation import ApprovalOutcome
from rosterhold.statemachine.findings import digest, subjects_of
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.rules import RULES

REMOVALS = Reason.DATA_REMOVALS


@pytest.fixture
def lost(roster):
    """Lincoln before, and with so many of its hundred students gone."""
    before = roster().school("Lincoln").students(100)

    def of(*numbers):
        return before, before.later().leaves("students", *(f"s{number}" for number in numbers))

    return of


def test_a_good_sync_has_no_reason_to_hold(lost, judge):
    evaluation = judge(*lost(1))
    assert (evaluation.findings, evaluation.reasons()) == ((), ())


def test_the_first_sync_is_held_for_its_configuration_alone(roster, judge):
    now = roster().student("s1").guardians(6, "s1")
    assert judge(None, now).reasons() == (Reason.DATA_CONFIGURATION,)


def test_both_reasons_are_given_most_severe_first(lost, judge):
    before, now = lost(*range(20))
    evaluation = judge(before, now.guardian("g1", "s50", types=["Emergency"]))
    assert evaluation.reasons() == (Reason.DATA_CONFIGURATION, REMOVALS)


def test_findings_come_most_severe_and_biggest_first(roster, judge):
    before = roster().school("Lincoln").school("Adams").students(40)
    before.students(5, "Adams", prefix="a").section("c1", "Lincoln", [f"s{n}" for n in range(40)])
    now = before.later().leaves("students", *(f"s{number}" for number in range(20)))
    now.leaves("students", *(f"a{number}" for number in range(5))).leaves("schools", "Adams")
    found = [(f.rule, f.kind, f.school, f.records) for f in judge(before, now).findings]
    assert found == [
        ("school_removed", "schools", "Adams", 6),
        ("share_removed", "students", "", 25),
        ("share_removed", "students", "Lincoln", 20),
        ("share_removed", "enrolments", "", 20),
        ("share_removed", "enrolments", "Lincoln", 20),
    ]


def test_the_outcome_counts_what_became_of_the_approved(lost, judge, subjects):
    before, now = lost(*range(10), 20, 21)
    approved = subjects(*(("share_removed", "students", f"s{n}", "") for n in range(15)))
    assert judge(before, now, approved=approved).approval == ApprovalOutcome(
        removed=10, came_back=5, not_covered=2
    )


def test_an_approved_record_that_cannot_be_read_stays(lost, judge, subjects, unreadable):
    approved = subjects(("share_removed", "students", "s1", ""))
    evaluation = judge(*lost(1), approved=approved, invalid=unreadable(students=["s1"]))
    assert evaluation.approval == ApprovalOutcome(removed=0, came_back=1, not_covered=0)


def test_a_subject_approved_under_two_rules_counts_once(lost, judge, subjects):
    approved = subjects(
        ("share_removed", "students", "s1", ""), ("people_removed", "students", "s1", "")
    )
    assert judge(*lost(1), approved=approved).approval.removed == 1


def test_what_is_left_out_is_neither_judged_nor_applied(roster, judge):
    now = roster().student("s1").guardian("g1", "s1", types=["Emergency"])
    evaluation = judge(None, now, leave_out=LeaveOut(("Emergency",)))
    assert evaluation.findings == ()
    assert evaluation.target["contacts"].collect().is_empty()
    assert (evaluation.left_out.contacts, evaluation.left_out.guardianships) == (1, 1)
    assert evaluation.rewritten() == ("contacts", "guardianships")


def test_leaving_out_what_is_in_the_roster_is_judged_as_removal(roster, judge):
    before = roster().student("s1")
    for number in range(10):
        before.guardian(f"g{number}", "s1", types=["Emergency"])
    evaluation = judge(before, before, leave_out=LeaveOut(("Emergency",)))
    assert evaluation.reasons() == (REMOVALS,)


def test_kinds_with_kept_rows_are_rewritten(lost, judge, unreadable):
    evaluation = judge(*lost(1), invalid=unreadable(students=["s1"]))
    assert evaluation.rewritten() == ("students",)


def test_the_digest_does_not_depend_on_the_order_of_anything(lost, judge):
    findings = judge(*lost(*range(20))).findings
    shuffled = [
        type(finding)(
            **{
                **{name: getattr(finding, name) for name in finding.__slots__},
                "subjects": finding.subjects.reverse(),
            }
        )
        for finding in reversed(findings)
    ]
    assert digest(shuffled) == digest(findings)


def test_the_digest_is_the_same_for_the_same_rosters(lost, judge):
    assert judge(*lost(*range(20))).digest(REMOVALS) == judge(*lost(*range(20))).digest(REMOVALS)


def test_one_other_record_is_another_digest(lost, judge):
    one = judge(*lost(*range(20))).digest(REMOVALS)
    assert one != judge(*lost(*range(21))).digest(REMOVALS)
    assert one != judge(*lost(*range(19), 20)).digest(REMOVALS)


def test_another_fact_of_the_same_record_is_another_digest(roster, judge):
    def reviewed(guardians):
        now = roster().student("s1").guardians(guardians, "s1")
        return judge(None, now).digest(Reason.DATA_CONFIGURATION)

    assert reviewed(6) != reviewed(7)


def test_the_same_record_found_elsewhere_is_another_digest(lost, judge):
    findings = judge(*lost(*range(20))).findings
    assert digest(findings[:1]) != digest(findings[1:])


def test_the_digest_of_a_reason_leaves_the_other_reasons_out(lost, judge):
    before, now = lost(*range(20))
    alone = judge(before, now).digest(REMOVALS)
    now.guardian("g1", "s50", types=["Emergency"])
    assert judge(before, now).digest(REMOVALS) == alone


def test_nothing_found_still_has_a_digest():
    assert len(digest([])) == 64


def test_subjects_name_the_rule_that_found_them(lost, judge):
    found = subjects_of(judge(*lost(*range(20))).findings)
    assert found.height == 20
    assert found.row(0) == ("share_removed", "students", "s0", "")


def test_every_rule_is_registered_under_its_own_name():
    assert {name: rule.__name__ for name, rule in RULES.items()} == {name: name for name in RULES}
