import pytest

from rosterhold.statemachine.policy import Policies, Policy

CAP_OF_TEN = Policies(Policy(max_removed_people=10))


def losing(roster, students, contacts=0):
    before = roster().students(200)
    for number in range(100):
        before.guardian(f"g{number}", f"s{199 - number}")
    now = before.later().leaves("students", *(f"s{number}" for number in range(students)))
    return before, now.leaves("contacts", *(f"g{number}" for number in range(contacts)))


@pytest.mark.parametrize(("lost", "held"), [(9, False), (10, False), (11, True)])
def test_more_people_than_the_cap_are_held(roster, findings, lost, held):
    found = findings("people_removed", *losing(roster, lost), policies=CAP_OF_TEN)
    assert bool(found) == held


def test_people_of_all_kinds_count_together(roster, findings):
    (found,) = findings("people_removed", *losing(roster, 6, 5), policies=CAP_OF_TEN)
    assert (found.records, found.kind, found.school) == (11, "students", "")
    assert found.sentence == (
        "The district would lose 11 people: 6 students and 5 guardians. The limit is 10."
    )
    assert set(found.subjects["kind"]) == {"students", "contacts"}


def test_records_that_are_not_people_do_not_count(roster, findings):
    before = roster().students(1)
    for number in range(40):
        before.section(f"c{number}", "Lincoln")
    now = before.later().leaves("sections", *(f"c{number}" for number in range(20)))
    assert not findings("people_removed", before, now, policies=CAP_OF_TEN)


def test_approved_people_do_not_count(roster, findings, subjects):
    before, now = losing(roster, 11)
    approved = subjects(("people_removed", "students", "s3", ""))
    assert not findings("people_removed", before, now, policies=CAP_OF_TEN, approved=approved)


def test_the_default_cap_is_two_thousand_five_hundred(roster, findings):
    before = roster().students(30_000)
    at = before.later().leaves("students", *(f"s{number}" for number in range(2_500)))
    assert not findings("people_removed", before, at)
    assert findings("people_removed", before, at.leaves("students", "s2500"))
