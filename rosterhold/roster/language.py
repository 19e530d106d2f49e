"""How a language says things: its words from a catalogue, its numbers, lists and times.

English is what the code is written in, so that it needs no catalogue. Texts are marked where they
stand, with `N_` where they are only said later, and are named by their English.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from gettext import NullTranslations
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a text for the catalogue; it is translated where it is said."""
    return text


_AND: Final = N_("and")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people read.

    Attributes:
        code: as in HTML's ``lang`` (BCP 47).
        locale: whose numbers and dates are written; of the United States, where Clever is.
        name: what the language calls itself.
        translations: from English.
    """

    code: str
    locale: str
    name: str
    translations: NullTranslations = field(default_factory=NullTranslations, compare=False)

    def say(self, text: str, /, **values: Any) -> str:
        """A text, with its ``{names}`` filled in when values are given."""
        said = self.translations.gettext(text) if text else ""
        return said.format(**values) if values else said

    def plural(self, one: str, many: str, number: int, /, **values: Any) -> str:
        """The form for a number; ``{n}`` is the number itself, written out."""
        said = self.translations.ngettext(one, many, number)
        return said.format(n=self.number(number), **values)

    def knows(self, text: str) -> bool:
        """Whether saying a text gives this language's own words."""
        return self.code == ENGLISH.code or self.translations.gettext(text) != text

    def number(self, value: int) -> str:
        """A whole number; thousands are set apart as in the United States, in any language."""
        return f"{value:,}"

    def listed(self, items: Iterable[str]) -> str:
        """Items in a row: "a, b and c"."""
        *first, last = items
        return f"{', '.join(first)} {self.say(_AND)} {last}" if first else last

    def moment(self, at: datetime, zone_name: str) -> str:
        """`Nov 4, 2025, 2:03 PM CST`, in a district's time zone."""
        from babel.dates import format_datetime, format_skeleton  # noqa: PLC0415 - see `day`

        there = at.astimezone(zone_named(zone_name))
        day = format_skeleton("yMMMd", there, locale=self.locale)
        # Babel puts a narrow space before PM, where people and searches expect a plain one.
        time = format_datetime(there, "h:mm a z", locale=self.locale)
        return f"{day}, {time}".replace("\N{NARROW NO-BREAK SPACE}", " ")

    def day(self, at: datetime, zone_name: str) -> str:
        """`Nov 4`, in a district's time zone."""
        # Who says no date need not wait for Babel.
        from babel.dates import format_skeleton  # noqa: PLC0415 - as said

        return format_skeleton("MMMd", at.astimezone(zone_named(zone_name)), locale=self.locale)

    def date(self, day: date) -> str:
        """`Nov 4, 2025`."""
        from babel.dates import format_skeleton  # noqa: PLC0415 - see `day`

        return format_skeleton("yMMMd", day, locale=self.locale)


def zone_named(name: str) -> ZoneInfo:
    """A time zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


ENGLISH: Final = Language("en", "en_US", "English")
