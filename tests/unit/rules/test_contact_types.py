import pytest

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.statemachine.policy import Policies, Policy

RULE = "contact_types"


@pytest.fixture
def with_types(roster):
    def of(*types):
        return roster().student("s1").guardian("g1", "s1", types=types)

    return of


@pytest.mark.parametrize(
    ("types", "held"),
    [
        ((), []),
        (("Primary",), []),
        (("Emergency",), ["Emergency"]),
        (("Secondary", "Primary"), ["Secondary"]),
        (("Emergency", "Secondary"), ["Emergency", "Secondary"]),
    ],
)
def test_a_held_type_is_found_alone_or_among_others(with_types, findings, types, held):
    found = findings(RULE, None, with_types(*types))
    assert [finding.subjects["fact"].to_list() for finding in found] == [[one] for one in held]


def test_the_finding_says_how_many_and_of_which_type(with_types, findings):
    (found,) = findings(RULE, None, with_types("Emergency").guardian("g2", "s1"))
    assert list(found.subjects.iter_rows()) == [("guardianships", "g1/s1", "Emergency")]
    assert found.sentence == (
        "The district has 1 guardian-student link of the type Emergency. "
        "These contacts would get access like any guardian."
    )
    assert (found.records, found.of, found.limit) == (1, 2, None)


def test_the_first_sync_and_later_ones_are_judged_alike(with_types, findings):
    now = with_types("Emergency")
    assert findings(RULE, now, now)


def test_an_accepted_link_is_not_found_again(with_types, findings, subjects):
    accepted = subjects((RULE, "guardianships", "g1/s1", "Emergency"))
    assert not findings(RULE, None, with_types("Emergency"), accepted=accepted)
    (found,) = findings(RULE, None, with_types("Emergency", "Secondary"), accepted=accepted)
    assert found.subjects["fact"].to_list() == ["Secondary"]


def test_an_accepted_link_stays_accepted_under_a_new_contact_id(roster, judge, subjects):
    before = roster().student("s1")
    before.guardian("g1", "s1", types=["Emergency"], last_name="Ann Lee", email="a@example.org")
    accepted = subjects((RULE, "guardianships", "g1/s1", "Emergency"))
    now = before.later().renames("contacts", "g1", "g2").changes("contacts", "g2", phone="555")
    evaluation = judge(before, now, accepted=accepted)
    assert not evaluation.findings
    assert evaluation.accepted["key"].to_list() == ["g2/s1"]


def test_a_type_that_is_left_out_is_not_found_on_links_that_stay(with_types, findings):
    now = with_types("Emergency", "Primary")
    assert not findings(RULE, None, now, leave_out=LeaveOut(("Emergency",)))


def test_types_are_compared_without_regard_to_case(with_types, findings):
    policies = Policies(Policy(held_contact_types=("emergency",)))
    (found,) = findings(RULE, None, with_types("Emergency"), policies=policies)
    assert found.subjects["fact"].to_list() == ["Emergency"]


def test_a_school_is_judged_by_its_own_types(with_types, findings):
    policies = Policies(Policy(), {"Lincoln": Policy(held_contact_types=())})
    now = with_types("Emergency").student("a1", "Adams")
    assert not findings(RULE, None, now, policies=policies)
    now.guardian("g2", "a1", types=["Emergency"])
    assert [found.school for found in findings(RULE, None, now, policies=policies)] == [""]
