"""The log of mails, and what is known of addresses."""

import pytest
import sqlalchemy as sa

from rosterhold.adapters.database import addresses, districts, emails, mail_views, syncs
from rosterhold.adapters.database.emails import EmailRow, EmailStatus, Template
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.mail_views import MailLine
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.transitions import Cause, begin

OFFICE = "admin@example.org"
SECOND = "second@example.org"


@pytest.fixture
def sync_id(database: Database, district_id: str) -> str:
    with database.transaction() as tx:
        return begin(tx, district_id=district_id, trigger="test", cause=Cause("a test"))


def writes(database: Database, sync_id: str, about: str, to: str = OFFICE) -> EmailRow:
    with database.transaction() as tx:
        sync = syncs.load(tx.conn, sync_id)
        assert sync is not None
        emails.intend(tx, sync, Template.HOLD_RESOLVED, hold_id=None, about=about, recipients=[to])
        return next(m for m in emails.of_sync(tx.conn, sync_id) if f":{about}:" in m.intent)


def ends(database: Database, mail: EmailRow, status: EmailStatus, error: str | None = None) -> None:
    with database.transaction() as tx:
        emails.mark(tx, mail.id, status, error=error)
        tx.conn.execute(sa.delete(outbox).where(outbox.c.subject == mail.id))


def lines(database: Database, **wanted: object) -> list[MailLine]:
    with database.reading() as conn:
        return mail_views.mail_lines(conn, **wanted)  # type: ignore[arg-type]


def test_the_log_has_every_mail_with_what_became_of_it(
    database: Database, district_id: str, sync_id: str
):
    refused, sent = writes(database, sync_id, "one"), writes(database, sync_id, "two")
    writes(database, sync_id, "three")
    ends(database, refused, EmailStatus.REFUSED, "550 no such mailbox")
    ends(database, sent, EmailStatus.SENT)

    found = {line.id: line for line in lines(database)}

    assert found[refused.id].last_error == "550 no such mailbox"
    assert {line.status for line in found.values()} == {"refused", "sent", "waiting"}
    assert {line.district for line in found.values()} == {district_id}
    assert [line.status for line in found.values() if line.due_at] == ["waiting"]


def test_the_log_is_read_by_district_status_recipient_and_page(
    database: Database, district_id: str, sync_id: str
):
    with database.transaction() as tx:
        other = districts.add(tx, clever_id="other", name="Othertown", emails=[])
    sent = writes(database, sync_id, "one")
    ends(database, sent, EmailStatus.SENT)
    to_second = writes(database, sync_id, "two", SECOND)

    assert lines(database, district_id=other) == []
    assert len(lines(database, district_id=district_id)) == 2
    assert [line.id for line in lines(database, status="sent")] == [sent.id]
    assert [line.id for line in lines(database, recipient="Second@")] == [to_second.id]
    assert lines(database, recipient="%") == []
    first = lines(database, limit=1)
    rest = lines(database, before=first[-1].id)
    assert {line.id for line in (*first, *rest)} == {sent.id, to_second.id}


def test_a_mail_that_was_given_up_is_shown_as_such_and_can_be_sent_again(
    database: Database, sync_id: str
):
    mail = writes(database, sync_id, "one")
    with database.transaction() as tx:
        tx.conn.execute(
            sa.update(outbox).where(outbox.c.subject == mail.id).values(given_up_at=tx.now)
        )
    assert [line.status for line in lines(database, status="given_up")] == ["given_up"]

    with database.transaction() as tx:
        assert emails.send_again(tx, mail) is None
        assert len(tx.work) == 1

    (line,) = lines(database)
    assert (line.status, line.due_at is not None) == ("waiting", True)


def test_a_mail_that_was_sent_can_be_sent_again_under_its_own_id(database: Database, sync_id: str):
    mail = writes(database, sync_id, "one")
    ends(database, mail, EmailStatus.SENT)

    with database.transaction() as tx:
        assert emails.send_again(tx, mail) is None
        again = emails.load(tx.conn, mail.id)

    assert again is not None
    assert (again.status, again.message_id) == ("waiting", mail.message_id)


def test_a_mail_that_is_just_being_sent_is_not_sent_again(database: Database, sync_id: str):
    mail = writes(database, sync_id, "one")
    with database.transaction() as tx:
        until = tx.now + tx.lease
        tx.conn.execute(
            sa.update(outbox).where(outbox.c.subject == mail.id).values(leased_until=until)
        )
        refused = emails.send_again(tx, mail)

    assert refused is not None
    assert "just now" in refused.why


def test_what_is_not_known_of_an_address_is_that_it_works(database: Database, district_id: str):
    with database.reading() as conn:
        (address,) = mail_views.address_views(conn, district_id)

    assert (address.email, address.part, address.works) == (OFFICE, "administrator", True)


def test_an_address_keeps_the_time_of_its_first_refusal(database: Database, district_id: str):
    with database.transaction() as tx:
        addresses.does_not_work(tx, district_id, OFFICE, "550 no such mailbox")
    with database.transaction() as tx:
        first = addresses.load(tx.conn, district_id, OFFICE)
        addresses.does_not_work(tx, district_id, OFFICE, "551 moved")
        second = addresses.load(tx.conn, district_id, OFFICE)

    assert first.refused_at is not None
    assert (second.refused_at, second.refusal) == (first.refused_at, "551 moved")


def test_a_mail_that_is_taken_keeps_the_wish_for_no_reminders(database: Database, district_id: str):
    with database.transaction() as tx:
        addresses.want_reminders(tx, district_id, OFFICE, wanted=False)
        addresses.does_not_work(tx, district_id, OFFICE, "550 no such mailbox")
        addresses.works(tx, district_id, OFFICE)
        address = addresses.load(tx.conn, district_id, OFFICE)

    assert address.refused_at is None
    assert address.no_reminders_since is not None


def test_a_district_is_unreachable_when_none_of_its_addresses_works(
    database: Database, district_id: str
):
    def unreachable() -> list[str]:
        with database.reading() as conn:
            return [one.id for one in mail_views.unreachable_districts(conn)]

    with database.transaction() as tx:
        districts.set_second_contact(tx, district_id, SECOND)
        addresses.does_not_work(tx, district_id, OFFICE, "550 no such mailbox")
    assert unreachable() == []

    with database.transaction() as tx:
        addresses.does_not_work(tx, district_id, SECOND, "550 no such mailbox")
    assert unreachable() == [district_id]

    with database.transaction() as tx:
        districts.set_administrators(tx, district_id, [OFFICE])
    assert unreachable() == []
