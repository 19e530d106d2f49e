"""What the mails say."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rosterhold.adapters.clever.outcome import SENTENCES
from rosterhold.adapters.database import districts, emails, notices
from rosterhold.adapters.database.emails import EmailRow, Template
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.adapters.mail import compose, mail_context
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.findings import Finding
from tests.offices import (
    ADMINISTRATOR,
    Office,
    emergency_contacts,
    lost_connection,
    new_ids,
    removal,
    students,
)

LINK = "http://127.0.0.1:8800/enter/a.ticket?next=/syncs/x"
UNSUBSCRIBE = "https://rosterhold.example.org/unsubscribe/a.token"
TOWN = "Prairie & Sons <Unified>"
LANGUAGES = ["en", "es"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def sync_id(office: Office) -> str:
    return office.starts_sync(office.opens_district(TOWN))


def speaks(office: Office, sync_id: str, language: str) -> None:
    with office.database.transaction() as tx:
        districts.update(tx, office.sync(sync_id).district_id, {"language": language})


def reminds(office: Office, sync_id: str, day: int, recipient: str = ADMINISTRATOR) -> None:
    with office.database.transaction() as tx:
        (hold_id,) = {mail.hold_id for mail in emails.of_sync(tx.conn, sync_id)}
        emails.intend(
            tx,
            office.sync(sync_id),
            Template.HOLD_REMINDER,
            hold_id=hold_id,
            about=f"{hold_id}:{day}",
            recipients=[recipient],
            day=day,
        )


def mails_of(office: Office, sync_id: str) -> list[EmailRow]:
    with office.database.reading() as conn:
        return emails.of_sync(conn, sync_id)


def last_mail(office: Office, sync_id: str) -> EmailMessage:
    mail = mails_of(office, sync_id)[-1]
    with office.database.reading() as conn:
        context = mail_context(conn, mail)
    sender = "Rosterhold <rosterhold@example.org>"
    return compose(mail, context, link=LINK, unsubscribe=UNSUBSCRIBE, sender=sender)


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return body.get_content()


class Reader(HTMLParser):
    """The words of a page as a person reads them, and where its links go."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._is_head = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_head = tag in {"head", "title", "meta"}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        if not self._is_head and data.strip():
            self.words.append(data.strip())


@pytest.mark.parametrize(
    ("finding", "subject", "advice"),
    [
        (
            removal(students(212), 530),
            f"Action needed: {TOWN}, roster sync on hold: 212 students would be removed",
            "Confirm removals",
        ),
        (
            new_ids(300, 1000),
            f"Action needed: {TOWN}, roster sync on hold: 300 students would get a new id",
            "nobody is removed by that",
        ),
        (
            emergency_contacts(30),
            f"Action needed: {TOWN}, roster sync on hold: some data needs your decision",
            "Accept",
        ),
        (
            replace(emergency_contacts(30), rule="unreadable_records"),
            f"Action needed: {TOWN}, roster sync on hold: some data needs your decision",
            "goes on without the records that could not be read",
        ),
        (
            lost_connection(),
            f"Action needed: {TOWN}, the connection to Clever is lost",
            "I fixed it",
        ),
    ],
)
def test_a_hold_is_told_with_what_why_what_to_do_and_the_link(
    office: Office, sync_id: str, finding: Finding, subject: str, advice: str
):
    office.holds(sync_id, [finding])

    message = last_mail(office, sync_id)

    assert message["Subject"] == subject
    assert message["To"] == ADMINISTRATOR
    for subtype in ("plain", "html"):
        assert finding.sentence in text_of(message, subtype)
        assert advice in text_of(message, subtype)
        assert LINK in text_of(message, subtype)


def test_what_to_do_fits_every_finding_and_is_said_once(office: Office, sync_id: str):
    contacts = emergency_contacts(30)
    office.holds(sync_id, [contacts, replace(contacts, rule="unreadable_records")])

    text = text_of(last_mail(office, sync_id))

    assert "If the data is right as it is" in text
    assert "goes on without the records that could not be read" in text
    assert text.count("If it is a mistake") == 1


def every_mail(office: Office, sync_id: str) -> Iterator[EmailMessage]:
    """One of each kind, in the course of two syncs."""
    refused = replace(lost_connection(), sentence=SENTENCES["token_refused"])
    office.holds(sync_id, [refused])
    yield last_mail(office, sync_id)
    reminds(office, sync_id, 3)
    yield last_mail(office, sync_id)
    office.happens(sync_id, SyncEvent.CANCEL)
    with office.database.transaction() as tx:
        notices.sync_ended(tx, office.sync(sync_id))
    yield last_mail(office, sync_id)
    second = office.starts_sync(office.sync(sync_id).district_id)
    leaving = students(212)
    office.holds(second, [removal(leaving, 530)], leaving)
    yield last_mail(office, second)
    reminds(office, second, 14, "second@example.org")
    yield last_mail(office, second)
    office.reads_again(second)
    office.completes(second, {"removed": 209, "came_back": 3, "not_covered": 4})
    yield last_mail(office, second)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_and_html_of_every_mail_say_the_same(office: Office, sync_id: str, language: str):
    speaks(office, sync_id, language)
    for message in every_mail(office, sync_id):
        read = Reader(text_of(message, "html"))
        plain = re.sub(r"^- |:$", "", text_of(message), flags=re.MULTILINE)

        links = re.findall(r"^https?://\S+$", plain, re.MULTILINE)
        assert read.links == links
        lines = [line for line in plain.splitlines() if line and line not in links]
        assert read.words == lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mail_names_a_child(office: Office, sync_id: str, language: str):
    speaks(office, sync_id, language)
    for message in every_mail(office, sync_id):
        assert "Doe" not in text_of(message) + text_of(message, "html") + message["Subject"]


def test_every_subject_names_the_district_and_how_urgent_it_is(office: Office, sync_id: str):
    for message in every_mail(office, sync_id):
        assert TOWN in message["Subject"]
        assert message["Subject"].startswith(
            ("Action needed: ", "Reminder, day ", "No action needed")
        )


def test_every_mail_is_in_the_language_of_the_district(office: Office, sync_id: str):
    speaks(office, sync_id, "es")
    english = ("the", "roster", "sync", "hold", "report", "Clever is", "your")
    for message in every_mail(office, sync_id):
        words = Reader(text_of(message, "html")).words
        found = [line for line in words for word in english if re.search(rf"\b{word}\b", line)]
        assert found == []
        assert '<html lang="es">' in text_of(message, "html")


def test_names_from_clever_are_text_in_html(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])

    message = last_mail(office, sync_id)

    assert TOWN in text_of(message)
    assert "Prairie &amp; Sons &lt;Unified&gt;" in text_of(message, "html")
    assert "<Unified>" not in text_of(message, "html")


def test_composing_again_gives_the_same_message_id(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])

    first, second = last_mail(office, sync_id), last_mail(office, sync_id)

    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_what_follows_answers_the_first_mail_of_the_hold(office: Office, sync_id: str):
    office.holds(sync_id, [removal(students(212), 530)])
    opened = last_mail(office, sync_id)
    reminds(office, sync_id, 1)
    reminder = last_mail(office, sync_id)
    office.reads_again(sync_id)
    office.completes(sync_id)
    resolved = last_mail(office, sync_id)

    assert opened["In-Reply-To"] is None
    assert reminder["In-Reply-To"] == reminder["References"] == opened["Message-ID"]
    assert resolved["In-Reply-To"] == opened["Message-ID"]


def test_only_a_reminder_can_be_unsubscribed_from(office: Office, sync_id: str):
    office.holds(sync_id, [removal(students(212), 530)])
    opened = last_mail(office, sync_id)
    reminds(office, sync_id, 1)
    reminder = last_mail(office, sync_id)

    assert opened["List-Unsubscribe"] is None
    assert UNSUBSCRIBE not in text_of(opened)
    assert reminder["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert UNSUBSCRIBE in text_of(reminder)
    assert UNSUBSCRIBE in text_of(reminder, "html")


def test_a_reminder_says_for_how_long_and_to_the_second_contact_why_she_gets_it(
    office: Office, sync_id: str
):
    with office.database.transaction() as tx:
        district_id = office.sync(sync_id).district_id
        districts.set_second_contact(tx, district_id, "Second@Example.org ")
    office.holds(sync_id, [removal(students(212), 530)])
    reminds(office, sync_id, 1)
    first = last_mail(office, sync_id)
    reminds(office, sync_id, 3, "second@example.org")
    second = last_mail(office, sync_id)

    assert "on hold for 1 day." in text_of(first)
    assert "second contact" not in text_of(first)
    assert "on hold for 3 days." in text_of(second)
    assert "You get this as the second contact of the district" in text_of(second)


def test_where_nothing_is_to_be_checked_in_clever_nothing_is_asked_for(
    office: Office, sync_id: str
):
    away = replace(lost_connection(), rule="unreachable", sentence="Clever could not be reached.")
    office.holds(sync_id, [away])

    message = last_mail(office, sync_id)

    assert message["Subject"].startswith("For your information: ")
    assert "What to check" not in text_of(message)


def test_many_findings_are_told_in_short(office: Office, sync_id: str):
    found = [
        removal(students(10, school_name=f"School {number}", prefix=f"p{number}-"), 20)
        for number in range(15)
    ]
    office.holds(sync_id, found)

    text = text_of(last_mail(office, sync_id))

    assert text.count("School 0 would lose") == 1
    assert "School 12 would lose" in text
    assert "School 13 would lose" not in text
    assert "and 2 more, in the report" in text


def test_the_receipt_says_all_three_numbers_of_the_removals(office: Office, sync_id: str):
    office.holds(sync_id, [removal(students(212), 530)])
    office.reads_again(sync_id)
    office.completes(sync_id, {"removed": 209, "came_back": 3, "not_covered": 4})

    message = last_mail(office, sync_id)

    assert message["Subject"] == f"No action needed: {TOWN}, roster sync complete"
    for subtype in ("plain", "html"):
        text = text_of(message, subtype)
        assert "Removed records: good data arrived from Clever" in text
        assert "3 added, 2 changed, 212 removed" in text
        assert "209 removed as you confirmed" in text
        assert "3 confirmed, but Clever has them again: they stay" in text
        assert "4 removed within the limits, without a question" in text


def test_a_cancelled_sync_is_told_as_one(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])
    office.happens(sync_id, SyncEvent.CANCEL)
    with office.database.transaction() as tx:
        notices.sync_ended(tx, office.sync(sync_id))

    message = last_mail(office, sync_id)

    assert message["Subject"] == (
        f"No action needed: {TOWN}, roster sync cancelled, nothing was changed"
    )
    assert "Nothing was changed" in text_of(message)


def test_a_template_of_a_newer_version_is_said_by_name(office: Office, sync_id: str):
    with office.database.transaction() as tx:
        emails.intend(tx, office.sync(sync_id), "greeting", hold_id=None, about=sync_id)

    with pytest.raises(NewerVersionError, match="greeting"):
        last_mail(office, sync_id)
