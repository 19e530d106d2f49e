"""Words of the pages."""

import pytest

from rosterhold.web.words import fact_words, in_a_row, unbroken


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('["Parent","Guardian"]', "Parent, Guardian"),
        ("[]", ""),
        ("[Emergency", "[Emergency"),
        ("[1]", "[1]"),
        ("12", "12"),
    ],
)
def test_several_values_are_written_in_a_row(value: str, said: str):
    assert in_a_row(value) == said
    assert fact_words(value) == said


def test_what_was_found_is_told_in_words():
    assert fact_words("7 guardians") == "7 guardians"
    assert fact_words("data.name: Expected `object`, got `null`") == "the name is missing"


def test_a_number_keeps_its_sign_of_percent_beside_it():
    assert unbroken("a share of 20 % of all") == "a share of 20\xa0% of all"
