import pytest

from rosterhold.statemachine.reasons import Reason


def renaming(roster, students, renamed):
    before = roster().students(students)
    now = before.later()
    for number in range(renamed):
        now.renames("students", f"s{number}", f"new{number}")
    return before, now


@pytest.mark.parametrize(("renamed", "held"), [(9, False), (10, False), (11, True)])
def test_more_than_a_tenth_of_a_kind_under_new_ids_is_held(roster, findings, renamed, held):
    assert bool(findings("reidentified", *renaming(roster, 100, renamed))) == held


@pytest.mark.parametrize(("renamed", "held"), [(4, False), (5, True)])
def test_fewer_than_five_new_ids_are_not_held(roster, findings, renamed, held):
    assert bool(findings("reidentified", *renaming(roster, 10, renamed))) == held


def test_a_subject_is_the_old_id_with_the_new_one_as_its_fact(roster, findings):
    (found,) = findings("reidentified", *renaming(roster, 10, 5))
    assert ("students", "s0", "new0") in set(found.subjects.iter_rows())
    assert found.reason == Reason.DATA_REMOVALS
    assert found.sentence == (
        "The district has 5 of 10 students under a new Clever id (50 %). The limit is 10 %. "
        "This happens when source ids change in the SIS."
    )


def test_an_approved_new_id_is_not_counted_again(roster, findings, subjects):
    approved = subjects(("reidentified", "students", "s0", "new0"))
    assert not findings("reidentified", *renaming(roster, 10, 5), approved=approved)


def test_another_new_id_than_the_approved_is_counted(roster, findings, subjects):
    approved = subjects(("reidentified", "students", "s0", "other"))
    assert findings("reidentified", *renaming(roster, 10, 5), approved=approved)


def contacts(roster, sis_id):
    before = roster()
    for number in range(10):
        before.student(f"s{number}")
        values = {"last_name": f"Name {number}", "email": f"{number}@example.org"}
        before.guardian(f"g{number}", f"s{number}", sis_id=sis_id.format(number), **values)
    now = before.later()
    for number in range(5):
        now.renames("contacts", f"g{number}", f"new{number}")
    return before, now


def test_contacts_without_a_sis_id_are_excepted(roster, findings):
    assert not findings("reidentified", *contacts(roster, ""))


def test_contacts_with_a_sis_id_are_held(roster, findings):
    (found,) = findings("reidentified", *contacts(roster, "sis-{}"))
    assert (found.kind, found.records, found.of) == ("contacts", 5, 10)


def test_contacts_without_a_sis_id_do_not_hide_those_with_one(roster, findings):
    before, now = contacts(roster, "sis-{}")
    for number in range(100):
        before.student(f"x{number}").guardian(f"x{number}", f"x{number}")
        now.student(f"x{number}").guardian(f"x{number}", f"x{number}")
    (found,) = findings("reidentified", before, now)
    assert (found.records, found.of) == (5, 10)


def test_contacts_that_all_get_their_first_sis_id_are_held(roster, findings):
    before, now = contacts(roster, "")
    for number in range(5):
        now.changes("contacts", f"new{number}", sis_id=f"sis-{number}")
    (found,) = findings("reidentified", before, now)
    assert (found.records, found.of) == (5, 5)
