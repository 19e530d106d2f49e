"""Mails to the people of a district: what they say and how they go out."""

from rosterhold.adapters.mail.about import MailContext, mail_context
from rosterhold.adapters.mail.compose import compose
from rosterhold.adapters.mail.folder import FolderMailer
from rosterhold.adapters.mail.mailer import (
    AddressRefusedError,
    Mailer,
    MailRefusedError,
    MailUnavailableError,
)
from rosterhold.adapters.mail.smtp import SmtpMailer

__all__ = [
    "AddressRefusedError",
    "FolderMailer",
    "MailContext",
    "MailRefusedError",
    "MailUnavailableError",
    "Mailer",
    "SmtpMailer",
    "compose",
    "mail_context",
]
