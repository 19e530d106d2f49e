"""Numbers, lists and times as a language writes them, and which language a page is in."""

from datetime import UTC, datetime

import pytest

from rosterhold.adapters.languages import language
from rosterhold.roster.language import ENGLISH
from rosterhold.roster.wording import counted, most_telling, receipt_lines
from rosterhold.web.language import chosen

SPANISH = language("es")
NOON = datetime(2025, 11, 4, 20, 3, tzinfo=UTC)


def test_times_are_the_districts_and_the_languages():
    assert ENGLISH.moment(NOON, "America/Chicago") == "Nov 4, 2025, 2:03 PM CST"
    assert SPANISH.moment(NOON, "America/Chicago").startswith("4 nov 2025, 2:03")


def test_a_time_zone_nobody_knows_is_told_in_utc():
    assert ENGLISH.moment(NOON, "Mars/Olympus") == "Nov 4, 2025, 8:03 PM UTC"


def test_a_day_is_short():
    assert ENGLISH.day(NOON, "America/Chicago") == "Nov 4"
    assert SPANISH.day(NOON, "America/Chicago") == "4 nov"


def test_kinds_are_counted_in_either_language():
    assert counted("students", 1212) == "1,212 students"
    assert counted("students", 1, SPANISH) == "1 estudiante"
    assert counted("", 1212, SPANISH) == "1,212 registros"
    assert (
        most_telling({"students": 3, "teachers": 2}, SPANISH) == "3 estudiantes y otras 2 personas"
    )


def test_a_receipt_is_told_in_either_language():
    assert receipt_lines({"removed": 2}, SPANISH) == ["2 dados de baja como usted confirmó"]


def test_a_code_without_a_catalogue_is_english():
    assert language("fr") is ENGLISH


@pytest.mark.parametrize(
    ("asked", "kept", "header", "code"),
    [
        ("", "", "", "en"),
        ("es", "en", "en-US", "es"),
        ("xx", "es", "en-US", "es"),
        ("", "", "es-MX,es;q=0.9,en;q=0.8", "es"),
        ("", "", "fr-FR, en;q=0.5, es;q=0.7", "es"),
        ("", "", "es;q=0, en", "en"),
        ("", "", "es;q=lots", "en"),
        ("", "", "*", "en"),
    ],
)
def test_a_page_is_in_the_language_asked_for_then_kept_then_preferred(
    asked: str, kept: str, header: str, code: str
):
    assert chosen(asked, kept, header) == code
