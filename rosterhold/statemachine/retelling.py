"""The sentences of findings, retold in another language.

A finding is stored with its sentence as the rule wrote it, in English, and holds live for weeks.
So a sentence is retold from itself: the template of `sentences` that it was written from says
which of its words are numbers, names and kinds of record.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from rosterhold.roster.kinds import KINDS
from rosterhold.roster.language import ENGLISH, Language
from rosterhold.roster.wording import counted
from rosterhold.statemachine import sentences

TEMPLATES: Final = tuple(
    text
    for name, text in vars(sentences).items()
    if name.isupper() and isinstance(text, str) and "{place}" in text
)

_BLANK: Final = re.compile(r"\\\{(\w+)\\\}")
_NEXT_SENTENCE: Final = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_COUNTED: Final = re.compile(r"(?P<n>[\d,]+) (?P<words>.+)")
_LISTED: Final = re.compile(r", | and ")
# Names of schools may hold anything; numbers and shares are narrow, so that templates stay apart.
_NUMBER, _SHARE, _TEXT = r"[\d,]+", r"[\d.,]+(?: %)?", r".+"
_SHAPES: Final = {
    "removed": _NUMBER,
    "before": _NUMBER,
    "changed": _NUMBER,
    "unreadable": _NUMBER,
    "total": _NUMBER,
    "most": _NUMBER,
    "share": _SHARE,
    "limit": _SHARE,
}


def retold(sentence: str, language: Language) -> str:
    """A stored sentence in a language; as it is where nobody knows how to say it."""
    if language.code == ENGLISH.code or not sentence:
        return sentence
    for template in TEMPLATES:
        found = _pattern(template).fullmatch(sentence)
        if found:
            return language.say(template, **_values(found.groupdict(), language))
    parts = _NEXT_SENTENCE.split(sentence)
    if all(language.knows(part) for part in parts):
        return " ".join(language.say(part) for part in parts)
    return sentence


@cache
def _pattern(template: str) -> re.Pattern[str]:
    def blank(name: re.Match[str]) -> str:
        return f"(?P<{name[1]}>{_SHAPES.get(name[1], _TEXT)})"

    return re.compile(_BLANK.sub(blank, re.escape(template)))


def _values(said: Mapping[str, str], language: Language) -> dict[str, str]:
    return {name: _WORDS.get(name, _as_it_is)(text, language) for name, text in said.items()}


def _as_it_is(text: str, _: Language) -> str:
    return text


def _place(text: str, language: Language) -> str:
    return language.say(text) if text == sentences.THE_DISTRICT else text


def _number(text: str, language: Language) -> str:
    return language.number(int(text.replace(",", "")))


def _records(text: str, language: Language) -> str:
    return language.say(text)


def _counted(text: str, language: Language) -> str:
    found = _COUNTED.fullmatch(text)
    if not found:
        return text
    kind = next((kind.name for kind in KINDS.values() if found["words"] in kind.words), "")
    return counted(kind, int(found["n"].replace(",", "")), language)


def _listed(text: str, language: Language) -> str:
    return language.listed(_counted(item, language) for item in _LISTED.split(text))


_WORDS: Final[Mapping[str, Callable[[str, Language], str]]] = {
    "place": _place,
    "records": _records,
    "students": _counted,
    "links": _counted,
    "list": _listed,
    **{name: _number for name, shape in _SHAPES.items() if shape == _NUMBER},
}
