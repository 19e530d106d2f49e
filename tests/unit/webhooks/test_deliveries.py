from datetime import timedelta

import pytest

from rosterhold.adapters.database import accounts, notices, operator_actions, webhooks
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.decisions import Person
from rosterhold.statemachine.announcements import TRIED_FOR, Announcement

HELD, RELEASED = Announcement.SYNC_HELD, Announcement.HOLD_RELEASED
COMPLETED, CHANGED = Announcement.SYNC_COMPLETED, Announcement.ROSTER_CHANGED
DAY = timedelta(days=1)


def test_an_event_reaches_an_endpoint_signed_and_once(wire, district, receiver):
    wire.connects(receiver)
    wire.happens(HELD, district, reasons=["data_removals"])
    wire.works()
    (event,) = receiver.taken
    assert event["type"] == "sync.held"
    assert event["data"] == {
        "district": district,
        "district_clever_id": "clever-Prairie Unified",
        "sync": "01SYNC",
        "reasons": ["data_removals"],
    }
    assert (receiver.forged, wire.work_left()) == (0, 0)
    (delivery,) = wire.log()
    assert (delivery.status, delivery.tries, delivery.answer) == ("delivered", 1, 204)


def announce_and_fail(wire, district):
    with wire.database.transaction() as tx:
        webhooks.announce(tx, HELD, district_id=district, sync_id="01SYNC")
        _ = 1 / 0


def test_an_event_of_a_transaction_that_fails_is_never_told(wire, district, receiver):
    wire.connects(receiver)
    with pytest.raises(ZeroDivisionError):
        announce_and_fail(wire, district)
    wire.works()
    assert receiver.taken == []


def test_an_endpoint_gets_the_events_it_asked_for(wire, district, receiver):
    wire.connects(receiver, events=[COMPLETED])
    for event in (HELD, COMPLETED, CHANGED):
        wire.happens(event, district)
    wire.works()
    assert receiver.took() == ["sync.completed"]


def test_an_endpoint_of_a_district_hears_nothing_of_another(wire, district, receiver):
    other = wire.opens_district("Hill Unified")
    wire.connects(receiver, district_id=other)
    wire.happens(HELD, district)
    wire.happens(COMPLETED, other)
    wire.works()
    assert [event["data"]["district"] for event in receiver.taken] == [other]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_events_of_a_district_come_in_their_order(wire, district, receiver, backwards):
    wire.connects(receiver)
    for event in (HELD, RELEASED, COMPLETED, CHANGED):
        wire.happens(event, district)
    while wire.work_left():
        wire.works(backwards=backwards)
        wire.time_passes(timedelta(seconds=30))
    assert receiver.took() == ["sync.held", "hold.released", "sync.completed", "roster.changed"]


def test_what_is_not_taken_holds_up_the_later_events_of_its_district_alone(
    wire, district, receiver
):
    other = wire.opens_district("Hill Unified")
    wire.connects(receiver)
    receiver.answers = [500]
    wire.happens(HELD, district)
    wire.happens(RELEASED, district)
    wire.happens(COMPLETED, other)
    wire.works()
    assert receiver.took() == ["sync.completed"]
    wire.time_passes(timedelta(seconds=10))
    wire.works()
    assert receiver.took() == ["sync.completed", "sync.held", "hold.released"]


def test_every_try_has_the_same_event_id(wire, district, receiver):
    wire.connects(receiver)
    receiver.answers = [500, 302, 429]
    wire.happens(HELD, district)
    for _ in range(4):
        wire.works()
        wire.time_passes(timedelta(hours=1))
    assert list(receiver.ids.values()) == [4]
    (delivery,) = wire.log()
    assert (delivery.status, delivery.tries) == ("delivered", 4)


def test_two_endpoints_get_the_same_event_under_one_id(wire, district, receiver):
    wire.connects(receiver)
    first = receiver.secret
    wire.connects(receiver)
    receiver.secret = first
    wire.happens(HELD, district)
    wire.works()
    assert len({delivery.event_id for delivery in wire.log()}) == 1
    assert (len(receiver.taken), receiver.forged) == (1, 1)


def test_an_endpoint_that_takes_nothing_for_three_days_is_switched_off(wire, district, receiver):
    endpoint_id = wire.connects(receiver)
    receiver.answers = [500] * 100
    wire.happens(HELD, district)
    for _ in range(16):
        wire.works()
        wire.time_passes(TRIED_FOR / 8)
    assert wire.endpoint(endpoint_id).switched_off_why == "it took nothing for three days"
    assert [delivery.status for delivery in wire.log()] == ["failed"]
    assert wire.work_left() == 0


def test_an_endpoint_that_took_something_meanwhile_stays(wire, district, receiver):
    endpoint_id = wire.connects(receiver)
    receiver.answers = [500]
    wire.happens(HELD, district)
    wire.works()
    wire.happens(COMPLETED, wire.opens_district("Hill Unified"))
    wire.works()
    receiver.answers = [500]
    wire.time_passes(TRIED_FOR)
    wire.works()
    assert wire.endpoint(endpoint_id).switched_off_at is None
    assert [delivery.status for delivery in wire.log()] == ["failed", "delivered"]


def test_an_endpoint_that_is_gone_is_switched_off_at_once(wire, district, receiver):
    endpoint_id = wire.connects(receiver)
    receiver.answers = [410]
    wire.happens(HELD, district)
    wire.works()
    assert wire.endpoint(endpoint_id).switched_off_at is not None
    assert wire.work_left() == 0


def test_operators_are_told_once_by_mail_that_an_endpoint_was_switched_off(
    wire, district, receiver
):
    endpoint_id, sync_id = wire.connects(receiver), wire.has_a_sync(district)
    with wire.database.transaction() as tx:
        accounts.put_staff(tx, "operator@example.org", Role.OPERATOR)
        accounts.put_staff(tx, "support@example.org", Role.SUPPORT)
        accounts.put_staff(tx, "gone@example.org", Role.OPERATOR)
        accounts.disable(tx, "gone@example.org")
    for times in (1, 2):
        receiver.answers = [410]
        wire.happens(HELD, district, sync_id)
        wire.works()
        wire.happens(HELD, district, sync_id)
        wire.works()
        assert [mail["To"] for mail in wire.mailer.sent] == ["operator@example.org"] * times
        with wire.database.transaction() as tx:
            webhooks.switch_on(tx, endpoint_id)
    text = wire.mailer.sent[0].get_body(("plain",)).get_content()
    assert wire.mailer.sent[0]["Subject"] == "Action needed: webhooks to 127.0.0.1 are switched off"
    assert "because it answered 410" in text
    assert f"rosterhold webhook ping {endpoint_id}" in text
    assert wire.mailer.link().endswith("/operations/webhooks")


def test_who_switches_an_endpoint_on_before_the_mail_goes_out_gets_none(wire, district, receiver):
    endpoint_id, sync_id = wire.connects(receiver), wire.has_a_sync(district)
    with wire.database.transaction() as tx:
        accounts.put_staff(tx, "operator@example.org", Role.OPERATOR)
        webhooks.switch_off(tx, endpoint_id, "it took nothing for three days")
        notices.endpoint_switched_off(tx, endpoint_id, sync_id)
        webhooks.switch_on(tx, endpoint_id)
    wire.works()
    assert (wire.mailer.sent, wire.work_left()) == ([], 0)


def test_what_an_endpoint_missed_while_it_was_off_can_be_sent_later(wire, district, receiver):
    endpoint_id = wire.connects(receiver)
    with wire.database.transaction() as tx:
        webhooks.switch_off(tx, endpoint_id, "by an operator")
    wire.happens(HELD, district)
    wire.works()
    assert (receiver.taken, [delivery.status for delivery in wire.log()]) == ([], ["off"])
    with wire.database.transaction() as tx:
        webhooks.switch_on(tx, endpoint_id)
        assert webhooks.resend(tx, wire.log()[0]) is True
    wire.works()
    assert receiver.took() == ["sync.held"]


def test_what_waits_is_not_sent_twice_by_sending_it_again(wire, district, receiver):
    wire.connects(receiver)
    wire.happens(HELD, district)
    with wire.database.transaction() as tx:
        assert webhooks.resend(tx, wire.log()[0]) is False
    wire.works()
    assert receiver.took() == ["sync.held"]


def test_an_event_that_an_operator_gives_up_holds_up_no_other(wire, district, receiver):
    wire.connects(receiver)
    receiver.answers = [500]
    wire.happens(HELD, district)
    wire.happens(RELEASED, district)
    wire.works()
    operator = Person("operator@example.org", "a test")
    work_id = wire.log()[0].work_id
    operator_actions.do(wire.database, operator_actions.GIVE_UP, work_id, operator, "not wanted")
    wire.works()
    assert receiver.took() == ["hold.released"]
    assert [delivery.status for delivery in wire.log()] == ["failed", "delivered"]


def test_an_endpoint_that_was_removed_leaves_no_work(wire, district, receiver):
    endpoint_id = wire.connects(receiver)
    wire.happens(HELD, district)
    with wire.database.transaction() as tx:
        webhooks.remove_endpoint(tx, endpoint_id)
    wire.works()
    assert (receiver.taken, wire.work_left()) == ([], 0)


def test_an_endpoint_on_a_private_address_is_not_asked(wire, district, receiver):
    wire.connects(receiver)
    wire.services.settings = type(wire.services.settings)(secret_keys=("a key of the tests",))
    wire.happens(HELD, district)
    wire.works()
    (delivery,) = wire.log()
    assert (receiver.taken, delivery.status) == ([], "waiting")
    assert delivery.last_error == "an endpoint's address begins with https://"


def test_an_endpoint_that_does_not_answer_is_tried_again(wire, district, receiver):
    wire.connects(receiver)
    receiver.__exit__()
    wire.happens(HELD, district)
    wire.works()
    (delivery,) = wire.log()
    assert (delivery.status, delivery.tries, delivery.answer) == ("waiting", 1, None)
    assert delivery.last_error == "no answer: ConnectError"
    receiver.__enter__()


def test_the_log_is_forgotten_but_for_what_waits(wire, district, receiver):
    wire.connects(receiver)
    wire.happens(HELD, district)
    wire.works()
    receiver.answers = [500]
    wire.happens(COMPLETED, district)
    wire.works()
    with wire.database.transaction() as tx:
        webhooks.forget_before(tx, tx.now + DAY)
    assert [delivery.event for delivery in wire.log()] == ["sync.completed"]
