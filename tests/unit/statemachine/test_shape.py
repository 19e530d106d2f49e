"""What the findings look like, to somebody who has seen many."""

from dataclasses import dataclass

import pytest

from rosterhold.adapters.languages import language
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.shape import Guess, Shape, likely_shape, shape_words


@dataclass(frozen=True)
class Found:
    rule: str
    kind: str = "students"
    school: str = ""
    school_name: str = ""
    records: int = 100
    of: int = 500
    reason: Reason = Reason.DATA_REMOVALS


def losing(**removed: int) -> dict[str, dict[str, int]]:
    """Of each kind 500 were there before."""
    return {kind: {"removed": n, "added": 0, "total": 500 - n} for kind, n in removed.items()}


def shape(*found: Found, grades: dict[str, int] | None = None, **removed: int) -> Guess:
    guess = likely_shape(found, losing(**removed), grades or {})
    assert guess is not None
    return guess


def test_nothing_found_looks_like_nothing():
    assert likely_shape([], {}, {}) is None


def test_a_lost_connection_goes_before_everything():
    lost = Found("token_refused", reason=Reason.DISCONNECTED)

    assert shape(lost, Found("share_removed")).shape is Shape.DISCONNECTED


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("not_connected", Shape.DISCONNECTED),
        ("incomplete", Shape.NOT_SHARED_ENOUGH),
        ("unreachable", Shape.PASSING),
        ("credentials_refused", Shape.OUR_OWN_FAULT),
        ("something_new", Shape.DISCONNECTED),
    ],
)
def test_a_lost_connection_is_told_by_who_can_mend_it(code: str, expected: Shape):
    assert shape(Found(code, reason=Reason.DISCONNECTED)).shape is expected


def test_one_school_is_no_longer_shared():
    gone = Found("school_removed", "schools", "s1", "Lincoln")
    guess = shape(gone, Found("share_removed"), schools=1, students=80)

    assert guess == Guess(Shape.ONE_SCHOOL_GONE, school="Lincoln", number=1)
    assert shape_words(guess)[0] == "One school is no longer shared: Lincoln."


def test_several_schools_are_no_longer_shared():
    gone = [Found("school_removed", "schools", f"s{n}", f"S {n}") for n in range(3)]

    assert shape(*gone, schools=3) == Guess(Shape.SCHOOLS_GONE, number=3)


def test_all_schools_gone_is_sharing_switched_off():
    gone = [Found("school_removed", "schools", f"s{n}", f"S {n}") for n in range(500)]

    assert shape(*gone, schools=500).shape is Shape.NOTHING_SHARED


@pytest.mark.parametrize(
    ("records", "expected"), [(450, Shape.ALL_IDS_CHANGED), (449, Shape.IDS_CHANGED)]
)
def test_ids_changed_for_nearly_all_or_for_many(records: int, expected: Shape):
    assert shape(Found("reidentified", records=records)).shape is expected


def test_more_removals_than_new_ids_are_removals():
    found = [Found("reidentified", records=60), Found("share_removed", records=200)]

    assert shape(*found, students=200).shape is Shape.MANY_LEAVE


def test_classes_that_end_while_people_stay_are_a_change_of_term():
    found = Found("share_removed", "sections", records=400)

    assert shape(found, sections=400, enrolments=450, students=10).shape is Shape.TERM_CHANGE


def test_classes_that_end_with_many_people_are_not():
    found = [Found("share_removed", "sections"), Found("share_removed", "students")]

    assert shape(*found, sections=400, students=100).shape is Shape.MANY_LEAVE


def test_guardians_that_go_while_students_stay():
    found = Found("share_removed", "contacts")

    assert shape(found, contacts=400, guardianships=420).shape is Shape.FAMILIES_GONE


def test_a_kind_that_empties():
    guess = shape(Found("emptied", "teachers", records=40), teachers=40, students=30)

    assert guess == Guess(Shape.KIND_GONE, "teachers", number=40)


@pytest.mark.parametrize(("seniors", "expected"), [(80, Shape.GRADUATION), (79, Shape.MANY_LEAVE)])
def test_the_last_grade_that_leaves_is_graduation(seniors: int, expected: Shape):
    grades = {"12": seniors, "7": 100 - seniors}

    assert shape(Found("share_removed"), grades=grades, students=100).shape is expected


def test_one_school_that_shrinks_is_named():
    guess = shape(Found("share_removed", school="s1", school_name="Lincoln"), students=100)

    assert guess == Guess(Shape.ONE_SCHOOL_SHRINKS, "students", "Lincoln")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("contact_types", Shape.DOUBTFUL_CONTACTS),
        ("guardians_per_student", Shape.DOUBTFUL_CONTACTS),
        ("unreadable_records", Shape.UNREADABLE),
    ],
)
def test_doubtful_configuration_is_told_apart(rule: str, expected: Shape):
    assert shape(Found(rule, reason=Reason.DATA_CONFIGURATION)).shape is expected


@pytest.mark.parametrize("each", Shape)
def test_every_shape_is_told_in_both_languages(each: Shape):
    guess = Guess(each, "students", "Lincoln", 3)
    english, spanish = shape_words(guess), shape_words(guess, language("es"))

    assert all("{" not in text for text in english + spanish)
    assert english != spanish
