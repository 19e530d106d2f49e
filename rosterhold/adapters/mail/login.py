"""The mail that lets somebody in."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from rosterhold.adapters.database.login_links import MINUTES
from rosterhold.adapters.mail.compose import write
from rosterhold.adapters.mail.letters import Letter
from rosterhold.roster.language import N_, Language


def compose_login(
    recipient: str, *, link: str, sender: str, now: datetime, language: Language
) -> EmailMessage:
    """Text and HTML in a language."""
    letter = _letter(language)
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain="rosterhold")
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language.code
    write(message, letter, language, link)
    return message


def _letter(language: Language) -> Letter:
    say = language.say
    return Letter(
        subject=say(N_("Your link to log in to Rosterhold")),
        heading=say(N_("Your link to log in to Rosterhold")),
        lead=say(N_("Somebody, probably you, asked for a link to log in to Rosterhold.")),
        sections=(),
        button=say(N_("Log in")),
        foot=(
            say(
                N_(
                    "The link is for you alone. It works once, and for {minutes} minutes. If you "
                    "did not ask for it, do nothing: nobody can come in without it."
                ),
                minutes=MINUTES,
            ),
        ),
    )
