"""What `district add` and `district set` say about mails."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from rosterhold.adapters.database import districts
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.languages import CODES
from rosterhold.cli.output import CliError
from rosterhold.statemachine.reminders import quiet_hours as read_hours

NONE: Final = "none"

SecondContact = Annotated[
    str | None,
    typer.Option(
        metavar="MAIL",
        help="Mail address that is reminded of a hold too, from day 3 on; none for none.",
    ),
]
QuietHoursSaid = Annotated[
    str | None,
    typer.Option(
        "--quiet-hours",
        metavar="HH:MM-HH:MM",
        help="Local times between which no mail goes out; none for none.",
    ),
]
LanguageSaid = Annotated[
    str | None, typer.Option("--language", help=f"Of the mails: {', '.join(CODES)}.")
]

_ADDRESS: Final = re.compile(r"[^@\s,;<>\"]+@(?:[\w-]+(?:\.[\w-]+)+|localhost)")
_LONGEST_ADDRESS: Final = 254


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The settings that were said; a column that was not said is not among them."""

    columns: dict[str, Any]
    second_contact: str | None
    has_second_contact: bool

    def __bool__(self) -> bool:
        return bool(self.columns) or self.has_second_contact

    def write(self, tx: Transaction, district_id: str) -> None:
        if self.columns:
            districts.update(tx, district_id, self.columns)
        if self.has_second_contact:
            districts.set_second_contact(tx, district_id, self.second_contact)


def mail_settings(
    second_contact: str | None, quiet_hours: str | None, language: str | None
) -> MailSettings:
    """Read what was said; None where nothing was.

    Raises:
        CliError: an address, hours or a language that there is not.
    """
    columns: dict[str, Any] = {}
    if quiet_hours is not None:
        columns["quiet_hours"] = _hours(quiet_hours)
    if language is not None:
        if language not in CODES:
            raise CliError(f"there is no language {language!r}; there are {', '.join(CODES)}")
        columns["language"] = language
    contact = None
    if second_contact is not None and second_contact.strip() != NONE:
        contact = _one_address(second_contact)
    return MailSettings(columns, contact, second_contact is not None)


def addresses_of(words: Sequence[str]) -> list[str]:
    """The mail addresses said, one an option or separated by commas."""
    addresses = [part.strip() for word in words for part in word.split(",") if part.strip()]
    for address in addresses:
        if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
            raise CliError(f"{address!r} is not a mail address")
    if not addresses:
        raise CliError("a district needs the mail address of an administrator")
    return addresses


def _one_address(words: str) -> str:
    addresses = addresses_of([words]) if words.strip() else []
    if len(addresses) != 1:
        raise CliError("the second contact is one mail address, or none")
    return addresses[0]


def _hours(words: str) -> str | None:
    if words.strip() == NONE:
        return None
    try:
        hours = read_hours(words)
    except ValueError as error:
        raise CliError(str(error)) from error
    if hours is None:
        raise CliError("say quiet hours as 20:00-07:00, or none")
    return str(hours)
