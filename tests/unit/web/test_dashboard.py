"""The dashboard: how a district stands, at one look."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.standing import Standing
from rosterhold.web.schools import School, SchoolsQuery, schools_page, schools_query
from tests.offices import Office, lost_connection, removal, students

ComesIn = Callable[..., object]


def school(name: str, status: Standing = Standing.CONNECTED, **counts: int) -> School:
    on_hold = {"students": 3} if status is Standing.ON_HOLD else {}
    return School(f"id-{name}", name, "", "", status, counts, on_hold, None)


SCHOOLS = [
    school("Birch", students=300),
    school("alder", Standing.ON_HOLD, students=200),
    school("Cedar", Standing.NOT_CONNECTED),
]


def names(**query: str) -> list[str]:
    return [one.name for one in schools_page(SCHOOLS, schools_query(query)).schools]


def test_what_is_on_hold_comes_first():
    assert names() == ["alder", "Cedar", "Birch"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "BIR"}, ["Birch"]),
        ({"status": "not_connected"}, ["Cedar"]),
        ({"kind": "students"}, ["alder"]),
        ({"kind": "teachers"}, []),
        ({"sort": "name"}, ["alder", "Birch", "Cedar"]),
        ({"sort": "-name"}, ["Cedar", "Birch", "alder"]),
        ({"sort": "-students"}, ["Birch", "alder", "Cedar"]),
        ({"status": "happy", "kind": "cars", "sort": "moon"}, ["alder", "Cedar", "Birch"]),
    ],
)
def test_schools_are_searched_filtered_and_sorted(query: dict[str, str], expected: list[str]):
    assert names(**query) == expected


def test_a_large_district_is_paged_and_a_page_too_far_is_the_last():
    many = [school(f"School {number:03}") for number in range(239)]

    last = schools_page(many, schools_query({"page": "99", "sort": "name"}))

    assert (last.pages, last.query.page, len(last.schools), last.first) == (5, 5, 39, 201)


def test_an_address_keeps_what_was_asked_for():
    query = SchoolsQuery(q="oak", status="on_hold", sort="-students", page=3)

    assert query.address(page=4) == "?q=oak&status=on_hold&sort=-students&page=4"
    assert query.sorted_by("students") == "?q=oak&status=on_hold&sort=students"
    assert query.direction("students") == "descending"


@pytest.fixture
def reads(comes_in: ComesIn, sync_id: str, district: str) -> Callable[..., str]:
    def of(path: str = "") -> str:
        answer = comes_in(sync_id).client.get(f"/districts/{district}{path}")
        assert answer.status_code == 200
        return answer.text

    return of


def test_home_leads_to_the_own_dashboard(comes_in: ComesIn, sync_id: str, district: str):
    answer = comes_in(sync_id).client.get("/")

    assert answer.url.path == f"/districts/{district}"
    assert "Prairie Unified" in answer.text


def test_what_waits_for_a_decision_stands_first_with_a_way_to_it(
    office: Office, reads: Callable[..., str], sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)

    page = reads()

    assert "Your decision is needed" in page
    assert "One school loses much: Lincoln Elementary." in page
    assert re.search(rf'href="/syncs/{sync_id}">See what would happen and decide', page)


def test_a_lost_connection_says_so(office: Office, reads: Callable[..., str], sync_id: str):
    office.holds(sync_id, [lost_connection()])

    page = reads()

    assert "We cannot read your roster from Clever" in page
    assert "on hold were applied" not in page


def test_a_pause_at_clever_stands_on_the_dashboard_and_on_the_report_of_a_hold(
    office: Office, comes_in: ComesIn, reads: Callable[..., str], sync_id: str, district: str
):
    office.clever_pauses(district, "2099-08-15")
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    sentence = "Clever has paused your data until Aug 15, 2099."

    assert sentence in reads()
    assert sentence in comes_in(sync_id).reads().text
    assert "hasta el 15 ago 2099" in comes_in(sync_id).reads("?lang=es").text


def test_a_running_sync_asks_for_nothing(reads: Callable[..., str]):
    page = reads()

    assert "A sync is running" in page
    assert "Your decision is needed" not in page


def test_a_failed_sync_is_our_fault(office: Office, reads: Callable[..., str], sync_id: str):
    office.happens(sync_id, SyncEvent.FAIL, failure="a worker broke")

    assert "This is our fault, not yours" in reads()


def test_all_is_well_after_a_completed_sync_and_the_roster_is_drawn(
    office: Office, reads: Callable[..., str], sync_id: str, district: str
):
    office.completes(sync_id)
    office.completes(office.starts_sync(district))

    page = reads()

    assert "All is well. Nothing waits for you." in page
    assert "788 people now" in page
    assert "<polyline" in page


def test_a_sync_with_nothing_new_says_since_when_and_keeps_the_roster_and_a_pause_in_view(
    office: Office, comes_in: ComesIn, reads: Callable[..., str], sync_id: str, district: str
):
    office.completes(sync_id)
    office.clever_pauses(district, "2099-08-15")
    newest = office.starts_sync(district)
    office.finds_nothing_new(newest, datetime(2026, 7, 4, 17, 3, tzinfo=UTC))
    sentence = "has not changed since Jul 4, 2026, 12:03 PM CDT."

    page, report = reads(), comes_in(newest).reads().text

    assert "<strong>788</strong> students" in page
    assert "Nothing new</td>" in page
    for shown in (page, report):
        assert sentence in shown
        assert "Clever has paused your data until Aug 15, 2099." in shown
    assert "Nothing was read again and nothing was changed" in report
    assert "Updating your roster" not in report
    assert "no han cambiado desde el" in comes_in(newest).reads("?lang=es").text


def test_who_decided_what_stands_beside_the_sync(
    office: Office, comes_in: ComesIn, reads: Callable[..., str], sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    comes_in(sync_id).answers("confirm_removals")

    for page in (reads(), reads("/syncs")):
        assert re.search("“Confirm removals” · office@example.org", page)


@pytest.mark.parametrize("path", ["", "/syncs"])
def test_another_districts_dashboard_looks_like_none(
    office: Office, comes_in: ComesIn, sync_id: str, path: str
):
    foreign = office.opens_district("Hilltop", "other@example.org")
    client = comes_in(sync_id).client

    assert client.get(f"/districts/{foreign}{path}").status_code == 404
    assert client.get(f"/districts/nothing{path}").status_code == 404


def test_the_dashboard_speaks_spanish_and_remembers_it(reads: Callable[..., str]):
    assert "Hay una sincronización en curso" in reads("?lang=es")


def test_the_language_is_kept_for_the_next_page(comes_in: ComesIn, sync_id: str):
    visit = comes_in(sync_id)

    visit.reads("?lang=es")
    page = visit.reads().text

    assert '<html lang="es">' in page
    assert "La sincronización de su lista está en curso." in page
    assert replace(visit).reads("?lang=en").text.count('<html lang="en">') == 1
