"""What the mails say."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from rosterhold.adapters.database import emails
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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def sync_id(office: Office) -> str:
    return office.starts_sync(office.opens_district("Prairie & Sons <Unified>"))


def last_mail(office: Office, sync_id: str) -> EmailMessage:
    with office.database.reading() as conn:
        mail = emails.of_sync(conn, sync_id)[-1]
        context = mail_context(conn, mail)
    return compose(mail, context, link=LINK, sender="Rosterhold <rosterhold@example.org>")


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return body.get_content()


@pytest.mark.parametrize(
    ("finding", "subject", "advice"),
    [
        (
            removal(students(212), 530),
            "Your roster sync is on hold: 212 students would be removed",
            "Confirm removals",
        ),
        (
            new_ids(300, 1000),
            "Your roster sync is on hold: 300 students would get a new id",
            "Confirm removals",
        ),
        (
            emergency_contacts(30),
            "Your roster sync is on hold: some data needs your decision",
            "Accept",
        ),
        (
            lost_connection(),
            "Your roster sync is on hold: we cannot read your roster from Clever",
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


def test_a_mail_never_names_a_child(office: Office, sync_id: str):
    leaving = students(212)
    office.holds(sync_id, [removal(leaving, 530)], leaving)

    assert "Doe" not in last_mail(office, sync_id).as_string()


def test_names_from_clever_are_text_in_html(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])

    message = last_mail(office, sync_id)

    assert "Prairie & Sons <Unified>" in text_of(message)
    assert "Prairie &amp; Sons &lt;Unified&gt;" in text_of(message, "html")


def test_composing_again_gives_the_same_message_id(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])

    first, second = last_mail(office, sync_id), last_mail(office, sync_id)

    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


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

    assert message["Subject"] == "Your roster sync is complete"
    for subtype in ("plain", "html"):
        text = text_of(message, subtype)
        assert "3 added, 2 changed, 212 removed" in text
        assert "209 removed as you confirmed" in text
        assert "3 confirmed, but Clever has them again: they stay" in text
        assert "4 removed within the limits, without a question" in text


def test_a_cancelled_sync_is_told_as_one(office: Office, sync_id: str):
    office.holds(sync_id, [lost_connection()])
    with office.database.transaction() as tx:
        emails.intend(tx, office.sync(sync_id), "hold_resolved", hold_id=None, about=sync_id)
    office.happens(sync_id, SyncEvent.CANCEL)

    message = last_mail(office, sync_id)

    assert message["Subject"] == "Your roster sync was cancelled; nothing was changed"
    assert "Nothing was changed" in text_of(message)


def test_a_template_of_a_newer_version_is_said_by_name(office: Office, sync_id: str):
    with office.database.transaction() as tx:
        emails.intend(tx, office.sync(sync_id), "greeting", hold_id=None, about=sync_id)

    with pytest.raises(NewerVersionError, match="greeting"):
        last_mail(office, sync_id)
