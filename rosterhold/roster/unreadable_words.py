"""Why a record could not be read, in words for a school secretary.

A snapshot keeps the reason as the decoder gave it: the path of a field and what was wrong there,
``data.roles.student.sis_id: Expected `str | null`, got `int```. That is for engineers; it is also
what a person accepts, so that it stays as it is, and is told anew where somebody reads it.
"""

import re
from collections.abc import Sequence
from typing import Final

from rosterhold.roster.language import ENGLISH, N_, Language
from rosterhold.roster.wording import counted

# Clever's fields (Data API v3.1, schemas) as people call them.
_FIELDS: Final = {
    "id": N_("Clever id"),
    "sis_id": N_("SIS id"),
    "state_id": N_("state id"),
    "nces_id": N_("NCES id"),
    "name": N_("name"),
    "first": N_("first name"),
    "middle": N_("middle name"),
    "last": N_("last name"),
    "email": N_("e-mail"),
    "credentials": N_("user name"),
    "district_username": N_("user name"),
    "phone": N_("phone"),
    "phone_type": N_("kind of phone"),
    "grade": N_("grade"),
    "dob": N_("date of birth"),
    "gender": N_("gender"),
    "graduation_year": N_("year of graduation"),
    "ell_status": N_("English learner status"),
    "title": N_("title"),
    "department": N_("department"),
    "number": N_("number"),
    "school_number": N_("number"),
    "student_number": N_("number"),
    "teacher_number": N_("number"),
    "staff_id": N_("number"),
    "school": N_("school"),
    "schools": N_("school"),
    "principal": N_("principal"),
    "low_grade": N_("lowest grade"),
    "high_grade": N_("highest grade"),
    "course": N_("course"),
    "term_id": N_("term"),
    "start_date": N_("first day"),
    "end_date": N_("last day"),
    "teacher": N_("teacher"),
    "teachers": N_("list of teachers"),
    "student": N_("student"),
    "students": N_("list of students"),
    "period": N_("period"),
    "section_number": N_("section"),
    "subject": N_("subject"),
    "roles": N_("role"),
    "student_relationships": N_("list of students"),
    "type": N_("type of contact"),
    "relationship": N_("relationship"),
}
_MISSING: Final = N_("the {field} is missing")
_NUMBER: Final = N_("the {field} is a number where text is expected")
_FORM: Final = N_("the {field} is filled in wrongly")
_RECORD: Final = N_("the record is damaged")
_CHARACTERS: Final = N_("the record holds characters that cannot be read")

_SENTENCE: Final = N_("{records} could not be read: {why}.")

_REASON: Final = re.compile(
    r"(?P<path>the record|data\S*): (?P<what>.+?)(?: \((?P<n>\d+) records\))?", re.DOTALL
)
_NOT_TEXT: Final = re.compile(r"the record holds bytes that are not UTF-8(?: \((?P<n>\d+) .*\))?")
_LACKS: Final = re.compile(r"Object missing required field `(?P<field>\w+)`")
_GOT: Final = re.compile(r"got `(\w+)`$")
_PLACE: Final = re.compile(r"\[[^\]]*\]")


def is_unreadable(fact: str) -> bool:
    """Whether a fact tells why a record could not be read."""
    return bool(_REASON.fullmatch(fact) or _NOT_TEXT.fullmatch(fact))


def stands_for(fact: str) -> int:
    """How many records a fact is about: those without an id are told together."""
    found = _REASON.fullmatch(fact) or _NOT_TEXT.fullmatch(fact)
    return int(found["n"] or 1) if found else 1


def unreadable_words(fact: str, language: Language = ENGLISH) -> str:
    """`the name is missing`; a fact that is none of these is left as it is."""
    if _NOT_TEXT.fullmatch(fact):
        return language.say(_CHARACTERS)
    found = _REASON.fullmatch(fact)
    if found is None:
        return fact
    lacks = _LACKS.match(found["what"])
    field = _field(_PLACE.sub("", found["path"]).split("."), lacks["field"] if lacks else "")
    if not field:
        return language.say(_RECORD)
    name = language.say(_FIELDS[field]) if field in _FIELDS else field.replace("_", " ")
    return language.say(_MISSING if lacks else _wrong(found["what"]), field=name)


def unreadable_sentence(kind: str, fact: str, records: int, language: Language = ENGLISH) -> str:
    """The whole sentence: `3 students could not be read: the name is missing.`."""
    said = counted(kind, records, language)
    return language.say(_SENTENCE, records=said, why=unreadable_words(fact, language))


def _field(path: Sequence[str], lacking: str) -> str:
    """The field that is meant; "" for the record as a whole."""
    whole = [*path, lacking] if lacking else path
    # Below `roles` stands which role it is.
    return "roles" if whole[-2:-1] == ["roles"] else "".join(whole[1:][-1:])


def _wrong(what: str) -> str:
    """What is wrong with a field that is there, by what came instead of what was expected."""
    got = _GOT.search(what)
    if what.endswith("of length >= 1") or (got and got[1] == "null"):
        return _MISSING
    return _NUMBER if got and got[1] in {"int", "float"} else _FORM
