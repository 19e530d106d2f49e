"""Mails over SMTP."""

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from rosterhold.adapters.mail.mailer import (
    AddressRefusedError,
    MailRefusedError,
    MailUnavailableError,
)

TIMEOUT_S: Final = 20
_PERMANENT: Final = 500


class SmtpMailer:
    """Sends each mail over a connection of its own.

    Args:
        url: ``smtp://user:password@host:port``, ``smtps://…`` for TLS from the first byte,
            ``smtp://…?starttls`` for TLS after the greeting; user and password percent-encoded.
        sender: the address that undeliverable mails go back to.

    Raises:
        ValueError: the URL is none of these.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("the SMTP URL must look like smtp://user:password@host:587?starttls")
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._starttls = "starttls" in parse_qs(parts.query, keep_blank_values=True)
        self._port = parts.port or (465 if self._tls else 587 if self._starttls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = parseaddr(sender)[1]

    def send(self, message: EmailMessage) -> None:
        with self._connected() as server:
            self._hand_over(server, message)

    def log_in(self) -> None:
        """Connect and log in as for a mail, and send none.

        Raises:
            MailUnavailableError: the server is not there, or does not take the log-in.
        """
        with self._connected():
            pass

    def _connected(self) -> smtplib.SMTP:
        try:
            return self._logged_in()
        except (OSError, smtplib.SMTPException) as error:
            # Even a 5xx here (a wrong password) is no judgement on the mail.
            raise MailUnavailableError(f"{self._host}:{self._port}: {_words(error)}") from error

    def _logged_in(self) -> smtplib.SMTP:
        if self._tls:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            server.send_message(message, from_addr=self._sender)
        except smtplib.SMTPRecipientsRefused as error:
            code = min((answer[0] for answer in error.recipients.values()), default=0)
            if code >= _PERMANENT:
                raise AddressRefusedError(_answers(error.recipients)) from error
            raise MailUnavailableError(_answers(error.recipients)) from error
        except smtplib.SMTPResponseException as error:
            kind = MailRefusedError if error.smtp_code >= _PERMANENT else MailUnavailableError
            raise kind(_words(error)) from error
        except smtplib.SMTPNotSupportedError as error:
            # The server cannot take an address that is not ASCII.
            raise AddressRefusedError(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnavailableError(_words(error)) from error


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer((error.smtp_code, error.smtp_error))
    return str(error) or type(error).__name__


def _answers(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(_answer(answer) for answer in recipients.values())


def _answer(answer: tuple[int, bytes | str]) -> str:
    code, text = answer
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
