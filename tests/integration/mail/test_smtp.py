"""Mails over SMTP, against a server on loopback."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from rosterhold.adapters.mail import MailRefusedError, MailUnavailableError, SmtpMailer

SENDER = "Rosterhold <rosterhold@example.org>"


class PostOffice:
    """Takes mails, but for some recipients."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers = {"nobody@example.org": "550 no such user", "busy@example.org": "450 later"}
        self.answer_to_data = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer_to_data.startswith("250"):
            self.taken.append(envelope)
        return self.answer_to_data


def authenticator(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
) -> AuthResult:
    known = isinstance(data, LoginPassword) and data == LoginPassword(b"us:er", b"p@ss")
    return AuthResult(success=known, handled=known)


@pytest.fixture
def post_office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def server(post_office: PostOffice) -> Iterator[Controller]:
    controller = Controller(
        post_office,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticator,
        auth_require_tls=False,
    )
    controller.start()
    yield controller
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def mailer(server: Controller, user: str = "", query: str = "") -> SmtpMailer:
    return SmtpMailer(f"smtp://{user}127.0.0.1:{server.port}{query}", SENDER)


def a_mail(recipient: str = "office@example.org") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Your roster sync is on hold"
    message["From"] = SENDER
    message["To"] = recipient
    message["Message-ID"] = "<01abc@rosterhold>"
    message.set_content("212 students")
    return message


def test_a_mail_arrives_as_it_was_written(server: Controller, post_office: PostOffice):
    mailer(server).send(a_mail())

    (envelope,) = post_office.taken
    assert envelope.mail_from == "rosterhold@example.org"
    assert envelope.rcpt_tos == ["office@example.org"]
    assert b"Message-ID: <01abc@rosterhold>" in envelope.content


def test_user_and_password_may_hold_any_sign(server: Controller, post_office: PostOffice):
    mailer(server, "us%3Aer:p%40ss@").send(a_mail())

    assert len(post_office.taken) == 1


def test_a_wrong_password_is_no_judgement_on_the_mail(server: Controller):
    with pytest.raises(MailUnavailableError, match="535"):
        mailer(server, "us%3Aer:wrong@").send(a_mail())


def test_an_unknown_recipient_is_refused_for_good(server: Controller):
    with pytest.raises(MailRefusedError, match="550 no such user"):
        mailer(server).send(a_mail("nobody@example.org"))


def test_a_busy_mailbox_is_tried_again(server: Controller):
    with pytest.raises(MailUnavailableError, match="450 later"):
        mailer(server).send(a_mail("busy@example.org"))


@pytest.mark.parametrize(
    ("answer", "error"), [("554 spam", MailRefusedError), ("451 later", MailUnavailableError)]
)
def test_a_refused_content_is_final_or_not_as_the_server_says(
    server: Controller, post_office: PostOffice, answer: str, error: type[Exception]
):
    post_office.answer_to_data = answer

    with pytest.raises(error, match=answer):
        mailer(server).send(a_mail())


def test_a_server_without_tls_gets_no_mail_where_tls_is_asked_for(
    server: Controller, post_office: PostOffice
):
    with pytest.raises(MailUnavailableError):
        mailer(server, query="?starttls").send(a_mail())

    assert post_office.taken == []


def test_a_server_that_is_away_is_tried_again():
    with pytest.raises(MailUnavailableError, match=r"127\.0\.0\.1"):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}", SENDER).send(a_mail())
