"""The stored sentences of findings in Spanish."""

import pytest

from rosterhold.adapters.clever.outcome import SENTENCES
from rosterhold.adapters.languages import language
from rosterhold.roster.language import ENGLISH
from rosterhold.statemachine import sentences
from rosterhold.statemachine.retelling import TEMPLATES, retold

SPANISH = language("es")
VALUES = {
    "place": "The Land and Sea School",
    "removed": "1,200",
    "before": "2,400",
    "records": "students",
    "share": "50.5 %",
    "limit": "10 %",
    "list": "12 students, 1 teacher and 3 classes",
    "changed": "7",
    "students": "30 students",
    "most": "9",
    "links": "1 guardian-student link",
    "type": "Emergency",
    "unreadable": "5",
    "total": "60",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_sentence_of_the_rules_is_retold(template: str):
    told = retold(template.format(**VALUES), SPANISH)

    place, rest = told[: len(VALUES["place"])], told[len(VALUES["place"]) :]
    assert place == VALUES["place"]
    assert not set(rest.split()) & {"would", "has", "limit", "students", "and", "the"}


def test_lists_and_numbers_are_retold_inside():
    said = sentences.SCHOOL_REMOVED_WITH.format(**VALUES)

    assert retold(said, SPANISH) == (
        "The Land and Sea School ya no está en los datos de Clever y se daría de baja con "
        "12 estudiantes, 1 docente y 3 clases."
    )


def test_the_whole_district_is_named_in_the_language():
    said = sentences.SHARE_REMOVED.format(**{**VALUES, "place": sentences.THE_DISTRICT})

    assert retold(said, SPANISH) == (
        "El distrito perdería 1,200 de 2,400 estudiantes (50.5 %). El límite es 10 %."
    )


@pytest.mark.parametrize("code", SENTENCES)
def test_what_is_said_of_a_lost_connection_is_retold(code: str):
    assert retold(SENTENCES[code], SPANISH) != SENTENCES[code]


def test_a_sentence_nobody_knows_stays_as_it_is():
    assert retold("Something else happened.", SPANISH) == "Something else happened."


def test_english_is_told_as_it_was_stored():
    assert retold("Any sentence.", ENGLISH) == "Any sentence."
