"""What is said of a district that Clever itself holds or has paused."""

from datetime import UTC, datetime

import pytest

from rosterhold.adapters.languages import language
from rosterhold.statemachine.upstream import AtClever, at_clever

NOW = datetime(2026, 7, 4, 3, tzinfo=UTC)
CHICAGO = "America/Chicago"


def said(state="paused", error="", pause_end=None, zone=CHICAGO, **more):
    return at_clever(state, error, pause_end, zone=zone, now=NOW, **more)


@pytest.mark.parametrize("state", ["running", "success", "", None, "a state of next year"])
def test_nothing_is_said_of_a_district_that_is_well(state):
    assert said(state, "words", "2026-08-15") == AtClever()
    assert str(said(state)) == ""


@pytest.mark.parametrize(
    ("pause_end", "day"),
    [
        ("2026-08-15", "Aug 15, 2026"),
        # A midnight in UTC is how Clever's schema writes a day.
        ("2026-08-15T00:00:00.000Z", "Aug 15, 2026"),
        ("2026-08-15T03:00:00.000Z", "Aug 14, 2026"),
        ("2026-08-15T12:00:00-05:00", "Aug 15, 2026"),
        # In Chicago it is the third of July still.
        ("2026-07-03", "Jul 3, 2026"),
    ],
)
def test_a_pause_is_said_until_its_day_in_the_district(pause_end, day):
    assert said(pause_end=pause_end).what == f"Clever has paused your data until {day}."


@pytest.mark.parametrize(
    "pause_end", ["2026-07-02", "soon", "", None, "2026-13-01", "0001-01-01T01:00:00Z"]
)
def test_an_end_that_is_past_or_cannot_be_read_is_not_said(pause_end):
    assert said(pause_end=pause_end).what == "Clever has paused your data."


def test_a_hold_is_said_in_clevers_own_words():
    assert said("pending", "Sync on hold: review\n your data").what == (
        "Clever is holding your data: Sync on hold: review your data."
    )
    assert said("pending").what == "Clever is holding your data."
    assert said("error", "No file came!").what == (
        "Clever cannot bring your data up to date: No file came!"
    )


def test_words_of_clever_are_one_line_of_bounded_length_without_control_characters():
    what = said("pending", "\x1b[31m" + "x" * 1_000).what
    assert len(what) < 340
    assert what.endswith("x…")
    assert "\x1b" not in what


@pytest.mark.parametrize(
    ("state", "to_do"),
    [
        ("paused", "There is nothing to do at Clever"),
        ("pending", "log in to Clever as a district administrator"),
        ("error", "Clever has to correct this"),
    ],
)
def test_it_is_said_whose_doing_it_is_and_what_to_do(state, to_do):
    assert "This comes from Clever, not from us" in said(state).to_do
    assert to_do in said(state).to_do
    assert "Clever's support" in said(state).to_do


def test_it_is_said_in_spanish():
    what = said(pause_end="2026-08-15", language=language("es")).what
    assert what == "Clever ha puesto en pausa sus datos hasta el 15 ago 2026."


def test_a_time_zone_that_is_not_known_here_does_no_harm():
    assert said(pause_end="2026-08-15T03:00:00Z", zone="Mars/Base").what.endswith("Aug 15, 2026.")
