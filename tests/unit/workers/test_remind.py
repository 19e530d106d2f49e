"""Reminders: who gets them, when, and when nobody does."""

from datetime import datetime, timedelta

import pytest
from doubles.town import students_of
from doubles.world import ADMINISTRATOR, DISTRICT, World

from rosterhold.adapters.database import addresses, districts
from rosterhold.statemachine.decisions import Action

DAY = 86_400
SECOND = "second@town.example"


@pytest.fixture
def held(world: World) -> World:
    """A sync on hold whose administrator was told so."""
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.delivers()
    does_the_mails(world)
    assert world.is_held()
    return world


def does_the_mails(world: World) -> None:
    for work_id, name, _ in world.work_left():
        assert name == "email"
        world.works(work_id)


def day_comes(world: World, days: float) -> None:
    """Time passes, and whatever is due is done."""
    world.clock.passes(days * DAY)
    for work_id in world.reminders_left():
        world.works(work_id)
    does_the_mails(world)


def mails(world: World) -> list[tuple[str, int | None, str]]:
    return world.rows(
        "SELECT template, day, recipient FROM emails WHERE status = 'sent' ORDER BY rowid"
    )


def reminders(world: World) -> list[tuple[int | None, str]]:
    return [(day, who) for template, day, who in mails(world) if template == "hold_reminder"]


def sets(world: World, **values: object) -> None:
    with world.database.transaction() as tx:
        districts.update(tx, DISTRICT, values)


def test_the_administrator_is_reminded_on_day_1_3_7_and_then_every_week(held: World):
    for _ in range(22):
        day_comes(held, 1)

    assert reminders(held) == [(day, ADMINISTRATOR) for day in (1, 3, 7, 14, 21)]
    assert len(held.reminders_left()) == 1


def test_the_second_contact_is_written_to_from_day_3_on(held: World):
    sets(held, second_contact=SECOND)
    for _ in range(7):
        day_comes(held, 1)

    assert [day for day, who in reminders(held) if who == SECOND] == [3, 7]
    assert [day for day, who in reminders(held) if who == ADMINISTRATOR] == [1, 3, 7]


def test_days_that_nothing_worked_on_are_not_made_up_for(held: World):
    day_comes(held, 8)
    assert [day for day, _ in reminders(held)] == [7]

    day_comes(held, 6)
    assert [day for day, _ in reminders(held)] == [7, 14]


def test_a_reminder_done_twice_goes_out_once(held: World):
    held.clock.passes(DAY)
    (reminder,) = held.reminders_left()
    held.works(reminder)
    held.works(reminder)
    does_the_mails(held)

    assert len(reminders(held)) == 1


def test_a_worker_that_dies_at_any_point_reminds_once(held: World):
    for point in range(1, 40):
        held.clock.passes(DAY)
        for work_id in held.reminders_left():
            held.dies(lambda work_id=work_id: held.works(work_id), point)
        held.clock.passes(21)
        day_comes(held, 0)
        assert len(held.reminders_left()) == 1

    days = [day for day, _ in reminders(held)]
    assert days == [1, 3, 7, 14, 21, 28, 35]


def test_a_hold_that_is_checked_again_each_night_keeps_its_age(held: World):
    for _ in range(3):
        held.night_falls()
        held.sweeps()
        while held.bell.waiting:
            held.delivers()
        day_comes(held, 1)

    assert [template for template, _, _ in mails(held)].count("hold_opened") == 1
    assert [day for day, _ in reminders(held)] == [1, 3]


def test_nobody_is_reminded_of_a_sync_that_is_over(held: World):
    held.cancels()

    assert held.reminders_left() == []
    does_the_mails(held)
    assert [template for template, _, _ in mails(held)] == ["hold_opened", "hold_resolved"]


def test_nobody_is_reminded_of_a_hold_that_was_closed_while_its_sync_goes_on(held: World):
    held.database.engine.dispose()
    with held.database.transaction() as tx:
        tx.conn.exec_driver_sql("UPDATE holds SET resolved_at = opened_at")
    day_comes(held, 1)

    assert reminders(held) == []
    assert held.reminders_left() == []


def test_a_hold_that_is_answered_is_not_reminded_of_until_it_is_found_again(held: World):
    with held.database.transaction() as tx:
        tx.conn.exec_driver_sql("UPDATE holds SET answered_at = opened_at")
    day_comes(held, 1)
    assert reminders(held) == []

    with held.database.transaction() as tx:
        tx.conn.exec_driver_sql("UPDATE holds SET answered_at = NULL")
    day_comes(held, 2)
    assert reminders(held) == [(3, ADMINISTRATOR)]


def test_while_a_held_sync_is_checked_again_its_reminder_waits(held: World):
    held.looks()
    held.decides(Action.CHECK_AGAIN)
    held.clock.passes(DAY)
    (reminder,) = held.reminders_left()
    held.works(reminder)
    assert held.rows("SELECT id FROM emails WHERE template = 'hold_reminder'") == []

    held.sweeps()
    while held.bell.waiting:
        held.delivers()
    day_comes(held, 1 / 24)
    assert [day for day, _ in reminders(held)] == [1]


def test_whoever_unsubscribed_gets_no_reminders_and_still_hears_of_holds(held: World):
    with held.database.transaction() as tx:
        addresses.want_reminders(tx, DISTRICT, ADMINISTRATOR, wanted=False)
    day_comes(held, 1)
    assert reminders(held) == []

    held.cancels()
    held.starts()
    held.sweeps()
    while held.bell.waiting:
        held.delivers()
    does_the_mails(held)
    assert [template for template, _, _ in mails(held)].count("hold_opened") == 2


def test_a_reminder_that_waits_is_not_sent_to_whoever_unsubscribes_meanwhile(held: World):
    held.post.mood = "away"
    day_comes(held, 1)
    with held.database.transaction() as tx:
        addresses.want_reminders(tx, DISTRICT, ADMINISTRATOR, wanted=False)
    held.post.mood = "takes"
    held.clock.passes(60)
    does_the_mails(held)

    assert held.rows("SELECT status FROM emails WHERE template = 'hold_reminder'") == [
        ("not_needed",)
    ]
    assert held.work_left() == []


def test_a_mail_of_the_night_waits_for_the_morning(world: World):
    sets(world, quiet_hours="00:00-23:00")
    now = world.clock.now
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.delivers()

    ((work_id, _, _),) = world.work_left()
    world.works(work_id)
    assert world.post.taken.total() == 0
    morning = now.replace(hour=23, minute=0, second=0)
    world.clock.passes((morning - now).total_seconds() + 1)
    world.works(work_id)
    assert world.post.taken.total() == 1


def test_a_hold_that_is_over_before_the_morning_is_told_by_one_mail(world: World):
    sets(world, quiet_hours="00:00-23:59")
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.delivers()
    world.cancels()
    sets(world, quiet_hours=None)
    world.clock.passes(DAY)
    does_the_mails(world)

    assert [template for template, _, _ in mails(world)] == ["hold_resolved"]
    assert world.rows("SELECT status FROM emails WHERE template = 'hold_opened'") == [
        ("not_needed",)
    ]


def test_a_hold_of_an_older_version_is_reminded_of_once_it_is_checked_again(held: World):
    with held.database.transaction() as tx:
        tx.conn.exec_driver_sql("DELETE FROM outbox WHERE work = 'remind'")
    held.clock.passes(DAY)
    held.night_falls()
    held.sweeps()
    while held.bell.waiting:
        held.delivers()

    ((opened_at, due_at),) = held.rows(
        "SELECT h.opened_at, o.due_at FROM holds h JOIN outbox o ON o.subject = h.id"
    )
    waits = datetime.fromisoformat(due_at) - datetime.fromisoformat(opened_at)
    assert waits == timedelta(days=3)


def test_a_lost_connection_is_told_by_its_own_mail(world: World):
    world.clever.connected = False
    world.starts()
    world.delivers()
    does_the_mails(world)

    assert [template for template, _, _ in mails(world)] == ["connection_lost"]


def test_an_address_that_is_refused_is_marked_until_a_mail_is_taken(held: World):
    held.post.mood = "refuses"
    day_comes(held, 1)
    refused = "SELECT email, refusal FROM mail_addresses WHERE refused_at IS NOT NULL"
    assert held.rows(refused) == [(ADMINISTRATOR, "550 no such mailbox")]

    held.post.mood = "takes"
    day_comes(held, 2)
    assert held.rows(refused) == []


def test_an_address_that_is_set_again_is_taken_to_work(held: World):
    with held.database.transaction() as tx:
        addresses.does_not_work(tx, DISTRICT, ADMINISTRATOR, "550 no such mailbox")
        districts.set_administrators(tx, DISTRICT, [ADMINISTRATOR])
        assert addresses.load(tx.conn, DISTRICT, ADMINISTRATOR).refused_at is None
