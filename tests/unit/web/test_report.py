"""What the report shows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
import pytest
import sqlalchemy as sa

from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.findings import Finding
from tests.offices import (
    NOBODY,
    Office,
    emergency_contacts,
    lost_connection,
    new_ids,
    removal,
    students,
)

ComesIn = Callable[..., object]


def buttons(page: str) -> list[str]:
    return re.findall(r'name="action" value="(\w+)"', page)


def test_a_held_report_says_what_and_why_and_offers_what_is_allowed(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)

    page = comes_in(sync_id).reads().text

    assert "Your roster sync is on hold. Nothing was changed." in page
    assert (
        "Lincoln Elementary would lose 53 of 100 students (53\xa0%). The limit is 10\xa0%." in page
    )
    assert 'aria-label="53 of 100: 53\xa0%, the limit is 10\xa0%"' in page
    assert "Doe, Jane 0" in page
    assert buttons(page) == ["check_again", "confirm_removals"]


def test_a_lost_connection_offers_only_that_it_is_fixed(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.holds(sync_id, [lost_connection()])

    page = comes_in(sync_id).reads().text

    assert buttons(page) == ["fixed"]
    assert "still installed for your district" in page


@pytest.mark.parametrize(
    ("code", "says", "asks"),
    [
        ("not_connected", "Usually the app was removed", ["still installed"]),
        (
            "nothing_shared",
            "not shared with it in Clever",
            ["are still shared", "shows no problem"],
        ),
        ("unreachable", "usually passes by itself", []),
        ("refused", "not your fault", []),
    ],
)
def test_what_to_check_fits_what_was_lost(
    office: Office, comes_in: ComesIn, sync_id: str, code: str, says: str, asks: list[str]
):
    office.holds(sync_id, [replace(lost_connection(), rule=code)])

    page = comes_in(sync_id).reads().text

    assert says in page
    checks = ["still installed", "are still shared", "shows no problem"]
    assert [check for check in checks if check in page] == asks


def unreadable(facts: dict[str, str]) -> Finding:
    """Students that could not be read: id → why."""
    found = {"kind": "students", "key": list(facts), "fact": list(facts.values())}
    return replace(
        emergency_contacts(len(facts)),
        rule="unreadable_records",
        kind="students",
        sentence="The district has 4 of 100 students that could not be read (4 %).",
        subjects=pl.DataFrame(found, NOBODY.schema),
    )


def test_what_could_not_be_read_is_told_plainly_and_exactly_for_engineers(
    office: Office, comes_in: ComesIn, sync_id: str
):
    wrong = "data.roles.student.schools[{}]: Expected `str | null`, got `int`"
    nameless = "data: Object missing required field `id` (2 records)"
    office.holds(sync_id, [unreadable({"a": wrong.format(0), "b": wrong.format(1), "": nameless})])

    reads = comes_in(sync_id).reads
    page = reads().text

    assert page.count("2 students could not be read: ") == 2
    assert "2 students could not be read: the school is a number where text is expected." in page
    assert "2 students could not be read: the Clever id is missing." in page
    assert f"<code>students {wrong.format(1)}</code>" in page
    assert buttons(page) == ["check_again", "accept"]
    assert "Yes, go on without them" in page
    assert "guardian gets" not in page


def test_both_questions_of_configuration_have_their_own_words(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.holds(sync_id, [emergency_contacts(30), unreadable({"a": "data.id: Expected `str`"})])

    page = comes_in(sync_id).reads().text

    assert buttons(page) == ["check_again", "accept", "leave_out"]
    assert "what every guardian gets" in page
    assert "are not taken over; everything else is" in page
    assert "What could not be read is another question" in page


def test_doubtful_contacts_can_be_accepted_or_left_out_and_are_counted(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.holds(sync_id, [emergency_contacts(30)])

    page = comes_in(sync_id).reads().text

    assert buttons(page) == ["check_again", "accept", "leave_out"]
    assert re.search(r"Emergency</td>.*?>30</td>", page, re.DOTALL)


def test_a_mass_change_of_ids_is_not_called_a_removal(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.holds(sync_id, [new_ids(300, 1000)])

    page = comes_in(sync_id).reads().text

    assert "Why we stopped: many Clever ids have changed" in page
    assert "Nobody is removed by that" in page
    assert "Yes, take over 300 records" in page
    assert "What would be removed" not in page
    assert re.search(r"New Clever id <span class=\"n\">300</span>", page)


def test_what_each_button_does_stands_before_it(office: Office, comes_in: ComesIn, sync_id: str):
    leaving = students(3)
    office.holds(sync_id, [removal(leaving, 10)], leaving)

    page = comes_in(sync_id).reads().text

    assert page.index("Nothing is removed by this button") < page.index("Yes, continue")


def test_a_running_report_renews_itself_and_offers_nothing(
    office: Office, comes_in: ComesIn, sync_id: str
):
    page = comes_in(sync_id).reads().text

    assert '<meta http-equiv="refresh" content="2">' in page
    assert 'aria-current="step">Reading from Clever' in page
    assert buttons(page) == []


def test_a_completed_report_is_a_receipt_with_all_three_numbers(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(212)
    office.holds(sync_id, [removal(leaving, 530)], leaving)
    office.reads_again(sync_id)
    office.completes(sync_id, {"removed": 209, "came_back": 3, "not_covered": 4})

    page = comes_in(sync_id).reads().text

    assert "Your roster sync is complete." in page
    assert "209 removed as you confirmed" in page
    assert "3 confirmed, but Clever has them again: they stay" in page
    assert "4 removed within the limits, without a question" in page
    assert 'http-equiv="refresh"' not in page
    assert buttons(page) == []


def test_a_cancelled_sync_says_that_nothing_was_changed(
    office: Office, comes_in: ComesIn, sync_id: str
):
    office.happens(sync_id, SyncEvent.CANCEL)

    assert "was cancelled. Nothing was changed." in comes_in(sync_id).reads().text


def test_text_from_clever_is_shown_and_never_run(office: Office, comes_in: ComesIn, sync_id: str):
    leaving = students(6, school_name="<script>alert(1)</script>")
    office.holds(sync_id, [removal(leaving, 10)], leaving)

    page = comes_in(sync_id).reads().text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_every_answer_carries_the_policy_and_is_kept_nowhere(
    office: Office, comes_in: ComesIn, sync_id: str
):
    visit = comes_in(sync_id)

    for answer in (visit.reads(), visit.client.get("/nothing"), visit.client.put("/")):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "style=" not in answer.text


def test_no_page_has_anything_that_the_policy_would_stop(
    office: Office, comes_in: ComesIn, sync_id: str
):
    leaving = students(212)
    office.holds(sync_id, [removal(leaving, 530), emergency_contacts(30)], leaving)

    body = comes_in(sync_id).reads().text.partition("<body>")[2]

    assert not re.search(r"<script|<style| style=| on\w+=|https?://", body)


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("DELETE", 405)])
def test_a_wrong_method_is_answered_with_a_page(
    comes_in: ComesIn, sync_id: str, method: str, status: int
):
    answer = comes_in(sync_id).client.request(method, f"/syncs/{sync_id}")

    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_fault_of_ours_is_a_page_without_a_traceback(
    office: Office, comes_in: ComesIn, sync_id: str
):
    visit = comes_in(sync_id)
    with office.database.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE progress")

    answer = visit.reads()

    assert answer.status_code == 500
    assert "our side" in answer.text
    assert "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers


def test_while_the_database_is_away_people_are_asked_to_try_again(
    office: Office, comes_in: ComesIn, sync_id: str
):
    visit = comes_in(sync_id)
    away = sa.exc.OperationalError("SELECT", {}, OSError("gone"), connection_invalidated=True)

    with nothing_is_answered(office.database.engine, away):
        answer = visit.reads()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "may have arrived" in answer.text
    assert visit.reads().status_code == 200


@contextmanager
def nothing_is_answered(engine: sa.Engine, error: Exception) -> Iterator[None]:
    """Every statement fails."""

    def fail(*_: object) -> None:
        raise error

    sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", fail)


def test_health_answers_without_coming_in(office: Office, comes_in: ComesIn, sync_id: str):
    assert comes_in(sync_id).client.get("/healthz").json() == {"status": "ok"}
