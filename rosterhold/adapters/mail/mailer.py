"""The port to whatever takes mails away."""

from email.message import EmailMessage
from typing import Protocol


class Mailer(Protocol):
    """Takes one mail at a time."""

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over.

        Raises:
            AddressRefusedError: no mail is taken for this recipient.
            MailRefusedError: this mail will never be taken.
            MailUnavailableError: not now; trying again may help.
        """
        ...


class MailRefusedError(Exception):
    """Raised when a mail is refused for good; the text is the server's."""


class AddressRefusedError(MailRefusedError):
    """Raised when it is the recipient that is refused for good: the address does not work."""


class MailUnavailableError(Exception):
    """Raised when a mail cannot go out now; trying again may help."""
