"""Mails to the people of a district: what they say and how they go out."""

from rosterhold.adapters.mail.compose import MailContext, compose, mail_context
from rosterhold.adapters.mail.folder import FolderMailer
from rosterhold.adapters.mail.mailer import Mailer, MailRefusedError, MailUnavailableError
from rosterhold.adapters.mail.smtp import SmtpMailer

__all__ = [
    "FolderMailer",
    "MailContext",
    "MailRefusedError",
    "MailUnavailableError",
    "Mailer",
    "SmtpMailer",
    "compose",
    "mail_context",
]
