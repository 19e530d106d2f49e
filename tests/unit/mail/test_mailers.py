"""Mails as files, and what is refused before anything is sent."""

from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from rosterhold.adapters.mail import FolderMailer, MailUnavailableError, SmtpMailer


def a_mail(subject: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["Message-ID"] = "<01abc@rosterhold>"
    message.set_content("Grüße")
    return message


def test_a_mail_becomes_a_file(tmp_path: Path):
    FolderMailer(tmp_path / "mail").send(a_mail())

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "01abc.eml"
    assert message_from_bytes(file.read_bytes())["Subject"] == "Hello"


def test_the_same_mail_sent_twice_is_one_file(tmp_path: Path):
    mailer = FolderMailer(tmp_path)
    mailer.send(a_mail())
    mailer.send(a_mail())

    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_tried_again_later(tmp_path: Path):
    (tmp_path / "mail").write_text("a file")

    with pytest.raises(MailUnavailableError, match="mail"):
        FolderMailer(tmp_path / "mail").send(a_mail())


@pytest.mark.parametrize("url", ["http://127.0.0.1", "smtp://", "mail.example.org:25"])
def test_an_address_that_is_no_smtp_server_is_said(url: str):
    with pytest.raises(ValueError, match="smtp://"):
        SmtpMailer(url, "rosterhold@example.org")
