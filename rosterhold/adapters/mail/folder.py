"""Mails as files, for trying out and for where no SMTP server is set."""

import os
from email.message import EmailMessage
from pathlib import Path

from rosterhold.adapters.mail.mailer import MailUnavailableError


class FolderMailer:
    """Writes each mail as an .eml file named by its Message-ID: the same mail is one file."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def send(self, message: EmailMessage) -> None:
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = self._folder / f"{name}.eml"
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(message.as_bytes())
            draft.replace(path)
        except OSError as error:
            raise MailUnavailableError(
                f"the mail cannot be written to {self._folder}: {error.strerror}"
            ) from error
