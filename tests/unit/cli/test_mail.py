"""`rosterhold mail`, and what `rosterhold district` says of mails."""

import json

import pytest

from rosterhold.adapters.database import addresses, districts, emails, syncs
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.transitions import Cause, begin


def writes_a_mail() -> str:
    database = Database("sqlite:///var/rosterhold.db")
    with database.transaction() as tx:
        district = districts.find(tx.conn, "c1")
        assert district is not None
        sync_id = begin(tx, district_id=district.id, trigger="test", cause=Cause("a test"))
        sync = syncs.load(tx.conn, sync_id)
        assert sync is not None
        emails.intend(tx, sync, "hold_resolved", hold_id=None, about=sync_id)
        addresses.does_not_work(tx, district.id, "office@example.org", "550 no such mailbox")
        (mail,) = emails.of_sync(tx.conn, sync_id)
    database.dispose()
    return mail.id


def test_the_log_of_mails_is_listed(ready):
    mail_id = writes_a_mail()

    (line,) = json.loads(ready("mail", "list", "--district", "c1", "--json").out)
    assert (line["id"], line["recipient"], line["status"]) == (
        mail_id,
        "office@example.org",
        "waiting",
    )
    assert mail_id in ready("mail", "list").out
    assert json.loads(ready("mail", "list", "--status", "sent", "--json").out) == []


def test_a_status_and_a_mail_that_there_is_not_are_refused(ready):
    wrong = ready("mail", "list", "--status", "lost")
    assert wrong.is_one_line_error
    assert "not_needed" in wrong.err
    assert ready("mail", "resend", "nothing").is_one_line_error


def test_a_mail_is_sent_again(ready):
    mail_id = writes_a_mail()

    said = ready("mail", "resend", mail_id.lower())

    assert said.code == 0
    assert "office@example.org" in said.out


def test_an_address_that_does_not_work_is_shown_with_the_district(ready):
    writes_a_mail()

    assert "this address does not work: 550 no such mailbox" in ready("district", "show", "c1").out


def test_the_settings_of_mails_are_set_and_taken_back(ready):
    said = ready(
        "district", "set", "c1", "--second-contact", "Second@example.org", "--quiet-hours",
        "21:00-6:30", "--language", "es", "--json",
    )  # fmt: skip
    found = json.loads(said.out)
    assert (found["second_contact"], found["quiet_hours"], found["language"]) == (
        "second@example.org",
        "21:00-06:30",
        "es",
    )

    said = ready(
        "district", "set", "c1", "--second-contact", "none", "--quiet-hours", "none", "--json"
    )
    found = json.loads(said.out)
    assert (found["second_contact"], found["quiet_hours"]) == (None, None)


@pytest.mark.parametrize(
    "words",
    [
        ["--second-contact", "nobody"],
        ["--second-contact", "a@example.org,b@example.org"],
        ["--second-contact", ""],
        ["--quiet-hours", "8pm-7am"],
        ["--quiet-hours", "07:00-07:00"],
        ["--quiet-hours", ""],
        ["--language", "fr"],
    ],
)
def test_wrong_settings_of_mails_are_one_line(ready, words):
    assert ready("district", "set", "c1", *words).is_one_line_error


def test_a_district_has_quiet_hours_when_it_is_known_where_it_is(ready):
    where = ["--time-zone", "America/Chicago", "--json"]
    names = ["--name", "Two", "--admin", "a@example.org"]
    usual = ready("district", "add", "--clever-id", "c2", *names, *where)
    own = ready("district", "add", "--clever-id", "c3", *names, *where, "--quiet-hours", "none")

    assert json.loads(usual.out)["quiet_hours"] == "20:00-07:00"
    assert json.loads(own.out)["quiet_hours"] is None
    assert json.loads(ready("district", "show", "c1", "--json").out)["quiet_hours"] is None
