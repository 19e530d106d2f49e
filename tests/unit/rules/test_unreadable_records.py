import pytest

RULE = "unreadable_records"


@pytest.mark.parametrize(("invalid", "held"), [(1, False), (2, False), (3, True)])
def test_more_than_a_hundredth_of_a_kind_is_held(roster, findings, unreadable, invalid, held):
    now = roster().students(200 - invalid)
    records = unreadable(students=[f"x{number}" for number in range(invalid)])
    assert bool(findings(RULE, None, now, invalid=records)) == held


def test_a_kind_of_which_nothing_could_be_read_is_held(roster, findings, unreadable):
    (found,) = findings(RULE, None, roster(), invalid=unreadable(teachers=["t1"]))
    assert (found.kind, found.measured, found.records, found.of) == ("teachers", 1.0, 1, 1)


def test_records_without_an_id_count_each(roster, findings, unreadable):
    (found,) = findings(RULE, None, roster().students(7), invalid=unreadable(students=["", "", ""]))
    assert list(found.subjects.iter_rows()) == [("students", "", "no name (3 records)")]
    assert found.sentence == (
        "The district has 3 of 10 students that could not be read (30 %). The limit is 1 %."
    )


def test_accepted_records_do_not_count(roster, findings, unreadable, subjects):
    now, invalid = roster().students(98), unreadable(students=["x1", "x2"])
    accepted = subjects((RULE, "students", "x1", "no name"))
    assert not findings(RULE, None, now, invalid=invalid, accepted=accepted)
    another_fault = subjects((RULE, "students", "x1", "no dob"))
    assert findings(RULE, None, now, invalid=invalid, accepted=another_fault)


def test_a_fetch_without_unreadable_records_is_not_held(roster, findings):
    assert not findings(RULE, None, roster().students(3))
