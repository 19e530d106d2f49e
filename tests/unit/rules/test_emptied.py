def test_a_kind_that_empties_is_held_at_whatever_size(roster, findings):
    before = roster().students(30).teacher("t1")
    now = before.later().leaves("teachers", "t1")
    (found,) = findings("emptied", before, now)
    assert (found.kind, found.school, found.records) == ("teachers", "", 1)
    assert found.sentence == (
        "The district would have no teachers left: the only one would be removed."
    )


def test_a_kind_with_one_record_left_is_not_empty(roster, findings):
    before = roster().students(2)
    assert not findings("emptied", before, before.later().leaves("students", "s0"))


def test_a_kind_that_never_had_records_is_not_emptied(roster, findings):
    assert not findings("emptied", roster(), roster())


def test_a_small_school_that_loses_its_students_is_held(roster, findings):
    before = roster().school("Tiny", name="Tiny School").student("t1", "Tiny").students(30)
    (found,) = findings("emptied", before, before.later().leaves("students", "t1"))
    assert (found.school, found.kind, found.records, found.of) == ("Tiny", "students", 1, 1)
    assert found.sentence == (
        "Tiny School would have no students left: the only one would be removed."
    )


def test_a_school_whose_students_all_move_is_not_held(roster, findings):
    before = roster().school("Tiny").student("t1", "Tiny").students(30)
    assert not findings("emptied", before, before.later().student("t1", "Lincoln"))


def test_a_school_whose_students_move_but_one_is_removed_is_held(roster, findings):
    before = roster().school("Tiny").student("t1", "Tiny").student("t2", "Tiny").students(30)
    now = before.later().student("t1", "Lincoln").leaves("students", "t2")
    (found,) = findings("emptied", before, now)
    assert found.sentence == (
        "Tiny would have no students left: 1 of 2 would be removed, "
        "the others have moved or are confirmed already."
    )
    assert found.subjects["key"].to_list() == ["t2"]


def test_a_school_with_a_student_of_two_schools_left_is_not_empty(roster, findings):
    before = roster().school("Tiny").student("t1", "Tiny").student("t2", "Lincoln", "Tiny")
    assert not findings("emptied", before, before.later().leaves("students", "t1"))


def test_a_school_empties_when_a_student_of_two_schools_was_its_last(roster, findings):
    before = roster().school("Tiny").student("t2", "Lincoln", "Tiny").students(30)
    (found,) = findings("emptied", before, before.later().leaves("students", "t2"))
    assert found.school == "Tiny"


def test_the_last_teacher_of_a_school_with_students_may_go(roster, findings):
    before = roster().students(3).teacher("t1").teacher("t2", "Adams")
    assert not findings("emptied", before, before.later().leaves("teachers", "t1"))


def test_the_last_teacher_of_a_school_without_students_is_held(roster, findings):
    before = roster().students(3).teacher("t1").teacher("t2", "Adams")
    (found,) = findings("emptied", before, before.later().leaves("teachers", "t2"))
    assert (found.school, found.kind) == ("Adams", "teachers")


def test_a_school_under_a_new_clever_id_is_not_empty(roster, findings):
    before = roster().school("Lincoln", sis_id="1").students(5)
    now = before.later().renames("schools", "Lincoln", "Lincoln-2").leaves("students", "s0")
    assert not findings("emptied", before, now)


def test_the_removal_that_completes_an_approved_emptying_is_held(roster, findings, subjects):
    before = roster().students(100)
    now = before.later().leaves("students", *(f"s{number}" for number in range(100)))
    approved = subjects(*(("share_removed", "students", f"s{n}", "") for n in range(99)))
    district, school = findings("emptied", before, now, approved=approved)
    assert district.subjects["key"].to_list() == school.subjects["key"].to_list() == ["s99"]
    assert (district.records, district.of) == (1, 100)


def test_an_emptying_approved_as_a_whole_is_not_held_again(roster, findings, subjects):
    before = roster().students(3)
    now = before.later().leaves("students", "s0", "s1", "s2")
    approved = subjects(*(("emptied", "students", f"s{n}", "") for n in range(3)))
    assert not findings("emptied", before, now, approved=approved)


def test_a_kind_that_could_not_be_read_is_not_emptied(roster, findings, unreadable):
    before = roster().students(3)
    now = before.later().leaves("students", "s0", "s1", "s2")
    assert not findings("emptied", before, now, invalid=unreadable(students=["", "s0"]))
