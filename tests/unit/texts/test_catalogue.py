"""Whoever reads Spanish reads all of it in Spanish."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[3]
KEYWORDS = ("-k", "N_", "-k", "say", "-k", "plural:1,2")
_BLANK = re.compile(r"\{\w+\}|%\(\w+\)s")


@pytest.fixture(scope="module")
def in_the_code(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every text that is marked anywhere."""
    found = tmp_path_factory.mktemp("texts") / "all.pot"
    command = ["pybabel", "-q", "extract", "-F", str(ROOT / "babel.cfg"), *KEYWORDS]
    with pytest.MonkeyPatch.context() as there:
        there.chdir(ROOT)
        CommandLineInterface().run([*command, "--omit-header", "-o", str(found), "."])
    with found.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    path = ROOT / "rosterhold/locale/es/LC_MESSAGES/rosterhold.po"
    with path.open("rb") as file:
        return read_po(file, locale="es")


def texts(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_text_is_translated(in_the_code: Catalog, spanish: Catalog):
    said = {message.id: forms(message.string) for message in texts(spanish) if not message.fuzzy}

    assert [one.id for one in texts(in_the_code) if not all(said.get(one.id, ("",)))] == []


def test_the_catalogue_keeps_no_text_that_is_said_nowhere(in_the_code: Catalog, spanish: Catalog):
    assert {one.id for one in texts(spanish)} <= {one.id for one in texts(in_the_code)}


def test_a_translation_fills_in_what_the_text_does(spanish: Catalog):
    for message in texts(spanish):
        wanted = set(_BLANK.findall(forms(message.id)[-1]))
        for said in forms(message.string):
            # "an hour" needs no number.
            assert set(_BLANK.findall(said)) <= wanted, message.id
        assert set(_BLANK.findall(forms(message.string)[-1])) == wanted, message.id
