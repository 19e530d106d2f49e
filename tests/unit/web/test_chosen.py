"""Answering for chosen schools."""

import html
import re
from collections.abc import Callable

import pytest

from rosterhold.adapters.database import views
from rosterhold.statemachine.chart import SyncState
from tests.offices import Office, removal, students

ComesIn = Callable[..., object]


@pytest.fixture
def held(office: Office, sync_id: str) -> str:
    """Two schools lose students: 150 of one, 20 of the other."""
    north = students(150, "North High", "n", "north")
    south = students(20, "South High", "s", "south")
    office.holds(sync_id, [removal(north, 300), removal(south, 100)], north + south)
    return sync_id


def choosing(visit, *schools: str, **other: str) -> str:
    form = re.search(r"<form class=\"second places-form\".*?</form>", visit.reads().text, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0].split("<fieldset>")[0]))
    query = {**fields, **other, "school": schools}
    return visit.client.get(f"/syncs/{visit.sync_id}/chosen", params=query).text


def fields_of(page: str) -> dict[str, str]:
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in pairs}


def test_each_school_can_be_chosen_by_itself(comes_in: ComesIn, held: str):
    page = comes_in(held).reads().text

    assert re.search(r'value="north"> <span>North High <span class="by">150 records', page)
    assert re.search(r'value="south"> <span>South High <span class="by">20 records', page)


def test_the_next_page_says_what_is_answered_and_does_nothing(
    office: Office, comes_in: ComesIn, held: str
):
    page = choosing(comes_in(held), "south")

    assert "You answer for these alone" in page
    assert "South High would lose 20 of 100 students" in page
    assert "North High" not in page
    assert "Yes, confirm 20 records" in page
    assert 'name="count"' not in page
    assert office.sync(held).state is SyncState.HELD_REMOVALS


def test_the_sync_stays_on_hold_until_the_last_school_is_answered(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)

    answer = visit.sends(fields_of(choosing(visit, "south")))
    assert answer.headers["location"] == f"/syncs/{held}#choices-title"
    assert office.sync(held).state is SyncState.HELD_REMOVALS
    page = visit.reads().text
    assert "1 of 2 findings are left to answer." in page
    assert "for South High" in page
    assert "Yes, remove 150 records" in page

    visit.answers("confirm_removals", count="150")

    assert office.sync(held).state is SyncState.RESUMED


def test_many_records_of_chosen_schools_need_their_number(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)
    form = fields_of(choosing(visit, "north"))

    refused = visit.sends(form)

    assert refused.status_code == 409
    assert "150 records" in refused.text
    with office.database.reading() as conn:
        assert views.decision_views(conn, held) == []
    assert visit.sends({**form, "count": "150"}).status_code == 303


def test_a_school_that_was_answered_cannot_be_answered_again(
    office: Office, comes_in: ComesIn, held: str
):
    visit = comes_in(held)
    form = fields_of(choosing(visit, "south"))
    visit.sends(form)

    second = visit.sends(form)

    assert second.status_code == 409
    assert "This was decided already" in second.text
    with office.database.reading() as conn:
        assert len(views.decision_views(conn, held)) == 1


@pytest.mark.parametrize("schools", [(), ("nowhere",)])
def test_who_chooses_nothing_is_back_at_the_report(
    comes_in: ComesIn, held: str, schools: tuple[str, ...]
):
    assert "What you can do" in choosing(comes_in(held), *schools)


@pytest.mark.parametrize("action", ["check_again", "delete", ""])
def test_what_cannot_be_answered_by_school_is_no_page(comes_in: ComesIn, held: str, action: str):
    assert "There is no such page" in choosing(comes_in(held), "north", action=action)


def test_a_list_of_schools_that_is_none_is_a_bad_request(comes_in: ComesIn, held: str):
    visit = comes_in(held)
    form = fields_of(choosing(visit, "south"))

    assert visit.sends({**form, "schools": "south"}).status_code == 400


def test_a_page_that_grew_old_answers_for_no_school(office: Office, comes_in: ComesIn, held: str):
    visit = comes_in(held)
    form = fields_of(choosing(visit, "south"))
    office.reads_again(held)
    more = students(25, "South High", "s", "south")
    office.holds(held, [removal(more, 100)], more)

    answer = visit.sends(form)

    assert answer.status_code == 409
    assert "5 records are on hold now that were not" in answer.text
    assert (
        f'/syncs/{held}/records?kind=students&amp;school=south#records">5 students</a>'
        in answer.text
    )
    assert office.sync(held).state is SyncState.HELD_REMOVALS
