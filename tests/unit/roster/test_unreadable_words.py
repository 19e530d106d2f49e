"""Why records could not be read, in words for a school secretary."""

import pytest

from rosterhold.adapters.clever import structs
from rosterhold.adapters.languages import language
from rosterhold.roster.unreadable_words import (
    is_unreadable,
    stands_for,
    unreadable_sentence,
    unreadable_words,
)

STUDENT = '"id": "c1", "roles": {"student": {%s}}'


def reason(record: str | bytes) -> str:
    """As the decoder gives it for a student of this JSON."""
    raw = record.encode() if isinstance(record, str) else record
    decoder = structs.PageDecoder(structs.User[structs.AsStudent])
    page = decoder.read(b'{"data": [{"data": ' + raw + b'}], "links": []}')
    return page.invalid[0].reason


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ('{"roles": {"student": {}}}', "the Clever id is missing"),
        ('{"id": "", "roles": {"student": {}}}', "the Clever id is missing"),
        ("{%s}" % (STUDENT % '"sis_id": 7'), "the SIS id is a number where text is expected"),
        (
            "{%s}" % (STUDENT % '"schools": ["a", 7.5]'),
            "the school is a number where text is expected",
        ),
        ('{"id": "c1", "roles": {"student": null}}', "the role is missing"),
        ("{%s}" % (STUDENT % '"dob": ["May"]'), "the date of birth is filled in wrongly"),
        ('{"name": "Jo May", %s}' % (STUDENT % ""), "the name is filled in wrongly"),
        ('{"id": "c1", "roles": {}}', "the role is missing"),
        ("7", "the record is damaged"),
        (
            b'{"id": "c1", "name": {"first": "\xff"}}',
            "the record holds characters that cannot be read",
        ),
    ],
)
def test_what_the_decoder_says_is_told_plainly(record: str | bytes, said: str):
    fact = reason(record)

    assert is_unreadable(fact)
    assert unreadable_words(fact) == said
    assert unreadable_words(f"{fact} (12 records)") == said


def test_a_field_that_nobody_named_is_called_what_clever_calls_it():
    assert unreadable_words("data.home_language: Expected `str`, got `bool`") == (
        "the home language is filled in wrongly"
    )


@pytest.mark.parametrize("fact", ["", "Emergency", "7 guardians", "Data: from the office"])
def test_another_fact_is_left_as_it_is(fact: str):
    assert not is_unreadable(fact)
    assert unreadable_words(fact) == fact


def test_records_without_an_id_are_told_together():
    fact = "data: Object missing required field `id` (12 records)"

    assert stands_for(fact) == 12
    assert stands_for("data.email: Expected `str | null`, got `int`") == 1
    assert unreadable_sentence("students", fact, 12) == (
        "12 students could not be read: the Clever id is missing."
    )


def test_it_is_told_in_spanish():
    said = unreadable_sentence(
        "students", "data.name: Expected `object`, got `null`", 3, language("es")
    )

    assert said == "Lectura fallida de 3 estudiantes (falta este dato: nombre)."
