"""Numbers of records in words."""

import pytest

from rosterhold.roster.wording import counted, in_order, most_telling


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("students", 1, "1 student"),
        ("students", 1212, "1,212 students"),
        ("sections", 0, "0 classes"),
        ("", 2, "2 records"),
    ],
)
def test_a_number_is_told_with_its_kind(kind: str, number: int, words: str):
    assert counted(kind, number) == words


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"students": 483, "contacts": 526, "sections": 153}, "483 students and 526 other people"),
        ({"teachers": 3, "contacts": 9, "students": 0}, "9 guardians and 3 other people"),
        ({"sections": 12, "enrolments": 340}, "340 enrolments and 12 other records"),
        ({"students": 212}, "212 students"),
        ({"students": 0}, ""),
        ({}, ""),
    ],
)
def test_students_are_told_before_other_people_and_people_before_records(
    numbers: dict[str, int], words: str
):
    assert most_telling(numbers) == words


def test_kinds_stand_in_one_order_without_those_that_are_empty():
    numbers = {"enrolments": 4, "students": 2, "teachers": 0, "schools": 1}

    assert in_order(numbers) == [("schools", 1), ("students", 2), ("enrolments", 4)]
