import pytest
from doubles.town import students_of
from doubles.world import World

from rosterhold.workers.email import MAX_FAILURES


@pytest.fixture
def mail_to_send(world: World) -> int:
    """The row of a mail about a hold, and no other work."""
    world.town = world.town.leave(*students_of("north"))
    world.starts()
    world.delivers()
    ((work_id, name, _),) = world.work_left()
    assert name == "email"
    return work_id


def mail(world: World) -> tuple[str, int, str | None]:
    return world.rows("SELECT status, attempts, last_error FROM emails")[0]


def test_a_mail_goes_out_and_is_noted(world: World, mail_to_send: int):
    world.works(mail_to_send)
    assert mail(world) == ("sent", 1, None)
    assert world.work_left() == []


def test_a_mail_waits_for_a_server_that_is_away_and_goes_out_later(world: World, mail_to_send: int):
    world.post.mood = "away"
    world.works(mail_to_send)
    assert mail(world) == ("retrying", 1, "connection refused")
    world.works(mail_to_send)
    assert mail(world)[1] == 1, "it was not due"
    world.post.mood = "takes"
    world.clock.passes(2)
    world.works(mail_to_send)
    assert mail(world) == ("sent", 2, None)


def test_a_mail_that_may_have_gone_out_goes_out_again_under_the_same_id(
    world: World, mail_to_send: int
):
    dies_after_handing_over(world, mail_to_send)
    world.clock.passes(21)
    world.works(mail_to_send)
    assert list(world.post.taken.values()) == [2]
    assert mail(world)[0] == "sent"


def dies_after_handing_over(world: World, work_id: int) -> None:
    for point in range(1, 60):
        struck = world.dies(lambda: world.works(work_id), point)
        if struck == "after handing a mail over":
            return
        world.clock.passes(21)
    raise AssertionError("no mail was handed over")


def test_a_refused_mail_is_noted_and_not_tried_again(world: World, mail_to_send: int):
    world.post.mood = "refuses"
    world.works(mail_to_send)
    assert mail(world) == ("refused", 1, "550 no such mailbox")
    assert world.work_left() == []


def test_a_mail_nobody_takes_for_long_is_left_for_an_operator(world: World, mail_to_send: int):
    world.post.mood = "away"
    for _ in range(MAX_FAILURES):
        world.works(mail_to_send)
        world.clock.passes(1_801)
    assert world.work_left() == []
    assert world.rows("SELECT attempts, last_error FROM outbox WHERE id = ?", mail_to_send) == [
        (MAX_FAILURES, "connection refused")
    ]


def test_a_second_worker_does_not_send_a_mail_that_one_is_just_sending(
    world: World, mail_to_send: int
):
    for point in range(1, 60):
        world.freezes(
            lambda: world.works(mail_to_send),
            point,
            seconds=1,
            meanwhile=lambda: world.works(mail_to_send),
        )
    assert list(world.post.taken.values()) == [1]
