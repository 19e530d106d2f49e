"""What becomes of an answer."""

from collections.abc import Callable

import pytest

from rosterhold.adapters.database import views
from rosterhold.statemachine.chart import SyncState
from tests.offices import (
    ADMINISTRATOR,
    Office,
    emergency_contacts,
    lost_connection,
    removal,
    students,
)

ComesIn = Callable[..., object]


@pytest.fixture
def held(office: Office, sync_id: str) -> str:
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    return sync_id


@pytest.fixture
def much_held(office: Office, sync_id: str) -> str:
    leaving = students(1212)
    office.holds(sync_id, [removal(leaving, 2000)], leaving)
    return sync_id


def decided(office: Office, sync_id: str) -> list[tuple[str, str]]:
    with office.database.reading() as conn:
        return [(one.action, one.who) for one in views.decision_views(conn, sync_id)]


def test_a_confirmation_is_kept_and_the_sync_goes_on(office: Office, comes_in: ComesIn, held: str):
    answer = comes_in(held).answers("confirm_removals")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/syncs/{held}"
    assert office.sync(held).state is SyncState.RESUMED
    assert decided(office, held) == [("confirm_removals", ADMINISTRATOR)]
    assert "resume" in [one.work for one in office.doorbell.rung]


def test_checking_again_needs_no_number(office: Office, comes_in: ComesIn, much_held: str):
    assert comes_in(much_held).answers("check_again").status_code == 303
    assert office.sync(much_held).state is SyncState.RESUMED


def test_a_fixed_connection_is_tried_again(office: Office, comes_in: ComesIn, sync_id: str):
    office.holds(sync_id, [lost_connection()])

    assert comes_in(sync_id).answers("fixed").status_code == 303
    assert office.sync(sync_id).state is SyncState.RESUMED


@pytest.mark.parametrize("action", ["accept", "leave_out"])
def test_doubtful_contacts_are_answered(
    office: Office, comes_in: ComesIn, sync_id: str, action: str
):
    office.holds(sync_id, [emergency_contacts(30)])

    assert comes_in(sync_id).answers(action).status_code == 303
    assert office.sync(sync_id).state is SyncState.RESUMED


def test_one_of_two_answers_leaves_the_sync_on_hold_for_the_other(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100), emergency_contacts(30)], leaving)
    visit = comes_in(sync_id)

    assert visit.answers("accept").status_code == 303

    assert office.sync(sync_id).state is SyncState.HELD_REMOVALS
    assert "This was answered" in visit.reads().text


def test_a_second_click_hears_that_it_was_decided_already(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)
    form = visit.form("confirm_removals")
    visit.sends(form)

    second = visit.sends(form)

    assert second.status_code == 409
    assert "This was decided already" in second.text
    assert ADMINISTRATOR in second.text
    assert len(decided(office, held)) == 1


def test_a_forged_digest_is_refused_and_nothing_changes(
    office: Office, comes_in: ComesIn, held: str
):
    before = office.sync(held)

    answer = comes_in(held).answers("confirm_removals", digest="0" * 64)

    assert answer.status_code == 409
    assert "Nothing was done" in answer.text
    assert "are the same as on the page you answered" in answer.text
    assert office.sync(held) == before
    assert decided(office, held) == []


def test_a_stale_page_is_refused_with_what_is_different(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)
    form = visit.form("confirm_removals")
    office.reads_again(held)
    others = students(50) + students(7, prefix="new")
    office.holds(held, [removal(others, 100)], others)
    before = office.sync(held)

    answer = visit.sends(form)

    assert answer.status_code == 409
    assert "7 records are on hold now that were not on the page you answered." in answer.text
    assert "3 records of the page you answered are no longer on hold." in answer.text
    assert office.sync(held) == before
    assert decided(office, held) == []


@pytest.mark.parametrize("typed", ["", "1211", "yes", "12 12"])
def test_many_removals_need_their_number(
    office: Office, comes_in: ComesIn, much_held: str, typed: str
):
    answer = comes_in(much_held).answers("confirm_removals", count=typed)

    assert answer.status_code == 409
    assert "1,212 records" in answer.text
    assert office.sync(much_held).state is SyncState.HELD_REMOVALS


@pytest.mark.parametrize("typed", ["1212", "1,212", " 1212 "])
def test_many_removals_go_with_their_number(
    office: Office, comes_in: ComesIn, much_held: str, typed: str
):
    assert comes_in(much_held).answers("confirm_removals", count=typed).status_code == 303
    assert office.sync(much_held).state is SyncState.RESUMED


@pytest.mark.parametrize(("count", "status"), [(100, 303), (101, 409)])
def test_the_number_is_asked_for_above_a_hundred(
    office: Office, comes_in: ComesIn, sync_id: str, count: int, status: int
):
    leaving = students(count)
    office.holds(sync_id, [removal(leaving, 200)], leaving)

    assert comes_in(sync_id).answers("confirm_removals").status_code == status


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_that_was_not_made_here_is_refused(
    office: Office, comes_in: ComesIn, held: str, token: str | None
):
    visit = comes_in(held)
    form = visit.form("confirm_removals")
    form.pop("csrf")

    answer = visit.sends(form if token is None else {**form, "csrf": token})

    assert answer.status_code == 403
    assert decided(office, held) == []


def test_a_form_of_another_session_is_refused(office: Office, comes_in: ComesIn, held: str):
    theirs = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))
    office.holds(theirs, [lost_connection()])
    foreign = comes_in(theirs, "other@example.org").form("fixed")["csrf"]

    assert comes_in(held).answers("confirm_removals", csrf=foreign).status_code == 403


def test_nobody_decides_for_another_district(office: Office, comes_in: ComesIn, held: str):
    theirs = office.starts_sync(office.opens_district("Hilltop", "other@example.org"))
    office.holds(theirs, [lost_connection()])
    visit = comes_in(held)
    form = visit.form("check_again") | {"action": "fixed"}

    answer = visit.client.post(f"/syncs/{theirs}/decisions", data=form)

    assert answer.status_code == 404
    assert office.sync(theirs).state is SyncState.HELD_DISCONNECTED


def test_an_answer_to_another_reason_is_refused(office: Office, comes_in: ComesIn, held: str):
    visit = comes_in(held)

    answer = visit.sends(visit.form("check_again") | {"action": "fixed"})

    assert answer.status_code == 409
    assert "not on hold for that (any more). Nothing was done." in answer.text


def test_an_unknown_action_is_a_bad_request(comes_in: ComesIn, held: str):
    visit = comes_in(held)

    assert visit.sends(visit.form("check_again") | {"action": "delete"}).status_code == 400


def test_a_body_over_64_kib_is_refused(office: Office, comes_in: ComesIn, held: str):
    visit = comes_in(held)

    answer = visit.sends(visit.form("check_again") | {"filler": "x" * 65_536})

    assert answer.status_code == 413
    assert "<h1>" in answer.text
    assert office.sync(held).state is SyncState.HELD_REMOVALS


def test_a_field_of_ten_megabytes_gets_a_page_and_changes_nothing(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)

    answer = visit.answers("confirm_removals", count="9" * 10_000_000)

    assert answer.status_code == 413
    assert "<h1>" in answer.text
    assert office.sync(held).state is SyncState.HELD_REMOVALS
    assert decided(office, held) == []


def test_a_body_that_is_no_form_is_a_bad_request(comes_in: ComesIn, held: str):
    answer = comes_in(held).client.post(f"/syncs/{held}/decisions", content=b"\xff\xfe=1")

    assert answer.status_code == 400
