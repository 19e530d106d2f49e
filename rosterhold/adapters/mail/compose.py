"""From a row of the mail log to the mail as it goes out: text and HTML of one letter."""

from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rosterhold.adapters.database.emails import EmailRow
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.adapters.mail.about import MailContext
from rosterhold.adapters.mail.letters import LETTERS, Letter
from rosterhold.roster.language import Language


def compose(
    mail: EmailRow, context: MailContext, *, link: str, unsubscribe: str, sender: str
) -> EmailMessage:
    """Write a mail. Composing it again gives the same Message-ID.

    Args:
        mail: the row of the log.
        context: what it tells.
        link: the address of the report, for this recipient.
        unsubscribe: the address where this recipient unsubscribes from reminders.
        sender: who it is from.

    Raises:
        NewerVersionError: there is no such template in this version.
        ValueError: the mail tells of a hold and there is none.
    """
    if mail.template not in LETTERS:
        raise NewerVersionError(f"the mail template {mail.template} is not known here")
    letter = LETTERS[mail.template](mail, context)
    message = EmailMessage()
    message["Subject"] = " ".join(letter.subject.split())
    message["From"] = sender
    message["To"] = mail.recipient
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    if context.answers_to is not None:
        message["In-Reply-To"] = context.answers_to
        message["References"] = context.answers_to
    # Vacation responders leave mails with this header alone.
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = context.language.code
    if letter.unsubscribe:
        _offer_to_unsubscribe(message, unsubscribe)
    write(message, letter, context.language, link, unsubscribe if letter.unsubscribe else "")
    return message


def _offer_to_unsubscribe(message: EmailMessage, address: str) -> None:
    """Let the mail program show a button of its own (RFC 2369; one click by RFC 8058)."""
    message["List-Unsubscribe"] = f"<{address}>"
    # One click needs HTTPS (RFC 8058, 3.1).
    if address.startswith("https://"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def write(
    message: EmailMessage, letter: Letter, language: Language, link: str, unsubscribe: str = ""
) -> None:
    """Put a letter into a mail, as text and as HTML."""
    words = {"letter": letter, "language": language, "link": link, "unsubscribe": unsubscribe}
    message.set_content(_environment().get_template("letter.txt").render(words))
    html = _environment().get_template("letter.html").render(words)
    message.add_alternative(html, subtype="html")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("rosterhold.adapters.mail"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
