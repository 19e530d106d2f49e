"""The languages there are, from the catalogues of this package."""

from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from rosterhold.roster.language import ENGLISH, Language

# Code → the locale of its numbers and dates, and what the language calls itself.
_TRANSLATED: Final = {"es": ("es_US", "Español")}

CODES: Final = (ENGLISH.code, *_TRANSLATED)


@cache
def language(code: str) -> Language:
    """The language of a code in CODES; English for any other.

    The catalogue is read as translators write it, once for each process: there is no compiled
    form that could be older.
    """
    if code not in _TRANSLATED:
        return ENGLISH
    # Who speaks English need not wait for Babel.
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - as said
    from babel.messages.pofile import read_po  # noqa: PLC0415 - as said

    locale, name = _TRANSLATED[code]
    text = files("rosterhold").joinpath(f"locale/{code}/LC_MESSAGES/rosterhold.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text), locale=code))
    compiled.seek(0)
    return Language(code, locale, name, GNUTranslations(compiled))
