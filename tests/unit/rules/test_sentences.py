import pytest

from rosterhold.roster.kinds import STUDENTS
from rosterhold.statemachine import sentences
from rosterhold.statemachine.sentences import counted, listed, percent, percent_limit


@pytest.mark.parametrize(
    ("share", "limit", "text"),
    [
        (0.88, 0.10, "88 %"),
        (212 / 240, 0.10, "88 %"),
        (0.104, 0.10, "10.4 %"),
        (0.10001, 0.10, "10.001 %"),
        (0.999, 0.10, "99.9 %"),
        (0.9996, None, "99.96 %"),
        (1.0, 0.10, "100 %"),
        (0.0, None, "0 %"),
        (0.004, None, "0.4 %"),
        (0.12, 0.115, "12 %"),
        (0.1151, 0.115, "12 %"),
        (0.07001, 0.07, "7.001 %"),
    ],
)
def test_a_share_has_no_more_digits_than_the_truth_needs(share, limit, text):
    assert percent(share, limit) == text


@pytest.mark.parametrize("lost", [100_001, 100_010, 100_100, 101_000])
def test_a_share_over_the_limit_never_reads_like_the_limit(lost):
    shown = percent(lost / 1_000_000, 0.10)
    assert float(shown.removesuffix(" %")) > 10


@pytest.mark.parametrize(("limit", "text"), [(0.1, "10 %"), (0.07, "7 %"), (0.125, "12.5 %")])
def test_a_limit_is_written_in_full(limit, text):
    assert percent_limit(limit) == text


def test_one_and_many_are_worded():
    assert (counted(1, STUDENTS), counted(1_200, STUDENTS)) == ("1 student", "1,200 students")


def test_items_are_listed_with_and():
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]


def test_every_sentence_ends_with_a_full_stop():
    templates = [
        value
        for name, value in vars(sentences).items()
        if name.isupper() and "{place}" in str(value)
    ]
    assert templates
    assert all(template.endswith(".") for template in templates)
