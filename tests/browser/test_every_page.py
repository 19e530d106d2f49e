"""Every page in both languages: for everybody, at any width; and its picture, to look at.

The pictures lie in `screenshots/`, which is not part of the repository.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from doubles.crowd import Crowd
from playwright.sync_api import Browser, Page

from rosterhold.adapters.database import claims, processes, waits
from rosterhold.adapters.database.accounts import Role
from rosterhold.statemachine.chart import SyncState
from tests.browser.stage import Stage, comes_in
from tests.offices import Office, removal, students

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "screenshots"
WIDTHS = (360, 1280)
NARROWEST = 320
LANGUAGES = ("en", "es")
TOO_LITTLE_SPANISH = re.compile(r"\b(the|would|your|with|which)\b", re.IGNORECASE)

LooksAt = Callable[..., None]


@pytest.fixture
def looks_at(browser: Browser) -> LooksAt:
    """Look at addresses as somebody who came in: name → address below the site."""

    def of(
        enters: Callable[[Page], None], pages: dict[str, str], languages: Iterable[str] = LANGUAGES
    ) -> None:
        context = browser.new_context()
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        enters(page)
        site = re.match(r"https?://[^/]+", page.url)
        assert site is not None
        for name, address in pages.items():
            for code in languages:
                mark = "&" if "?" in address else "?"
                page.goto(f"{site[0]}{address}{mark}lang={code}")
                opens_everything(page)
                is_for_everybody(page, f"{name}-{code}")
        context.close()
        # A page that is not there is an error of its own kind to a browser.
        assert [text for text in complaints if "404" not in text] == []

    return of


def opens_everything(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


def is_for_everybody(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    if name.endswith("-es"):
        english = TOO_LITTLE_SPANISH.findall(page.locator("main").inner_text())
        assert english == [], f"{name} speaks English: {english}"
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, name
    PICTURES.mkdir(exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)


HOLDS = {
    "school": [("remove-school", {})],
    "ids": [("rekey", {"share": 1.0})],
    "term": [("remove-sections", {"share": 0.6})],
    "contacts": [("emergency-contacts", {"share": 0.3}), ("many-guardians", {})],
    "unreadable": [("malformed", {"count": 60})],
    "connection": [("revoke", {})],
}


@pytest.mark.parametrize("reason", HOLDS)
def test_a_hold_is_for_everybody(stage: Stage, looks_at: LooksAt, reason: str):
    for change, options in HOLDS[reason]:
        stage.changes(change, **options)
    sync = stage.syncs_until_it_rests()
    assert sync.state.is_on_hold

    report = f"/syncs/{sync.id}"
    pages = {
        f"{reason}-dashboard": f"/districts/{stage.district_id}",
        f"{reason}-report": report,
        f"{reason}-records": f"{report}/records",
    }
    if reason == "contacts":
        pages[f"{reason}-held"] = f"{report}/records?change=held"
    if reason == "ids":
        pages[f"{reason}-new-ids"] = f"{report}/records?change=reidentified"
    looks_at(stage.lets_in, pages)


def test_pages_without_a_hold_are_for_everybody(stage: Stage, looks_at: LooksAt):
    stage.changes("edit-names", count=5)
    stage.changes("remove-students", share=0.4)
    held = stage.syncs_until_it_rests()
    stage.changes("undo")
    done = stage.read_again(held.id)
    assert done.state is SyncState.COMPLETED

    report = f"/syncs/{done.id}"
    looks_at(
        stage.lets_in,
        {
            "well-dashboard": f"/districts/{stage.district_id}",
            "receipt": report,
            "changed-records": f"{report}/records?change=changed",
            "history": f"/districts/{stage.district_id}/syncs",
            "missing": "/syncs/nothing",
        },
    )


def test_the_pages_between_are_for_everybody(office: Office, looks_at: LooksAt):
    district = office.opens_district("Prairie Unified")
    sync_id = office.starts_sync(district)
    looks_at(
        lambda page: comes_in(page, office.link(sync_id)),
        {"first-dashboard": f"/districts/{district}", "running": f"/syncs/{sync_id}"},
    )
    north = students(150, "North High", "n", "north")
    south = students(20, "South High", "s", "south")
    office.holds(sync_id, [removal(north, 300), removal(south, 100)], north + south)
    chosen = "chosen?action=confirm_removals&school=north&digest=x"

    looks_at(
        lambda page: comes_in(page, office.link(sync_id)),
        {"two-schools": f"/syncs/{sync_id}", "chosen": f"/syncs/{sync_id}/{chosen}"},
    )


def test_operations_are_for_everybody(office: Office, looks_at: LooksAt):
    crowd = Crowd(office.database)
    office.database.process_id = processes.beat(office.database, None, "worker")
    crowd.in_all_states()
    crowd.work("In failed", "email", failures=3, error="421 try later")
    claims.claim(office.database, crowd.work("In failed", "webhook"))
    crowd.mail("In failed", "retrying", error="421 try later")
    waits.note(office.database)
    office.has_staff("operator@example.org", Role.OPERATOR)

    looks_at(
        lambda page: comes_in(page, office.link_to("/operations", "operator@example.org")),
        {
            f"operations-{name or 'overview'}": f"/operations/{name}".rstrip("/")
            for name in ("", "districts", "queues", "work", "mails", "webhooks")
        },
        languages=["en"],
    )


def test_a_refusal_is_for_everybody(office: Office, live_page: Page):
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    leaving = students(60)
    office.holds(sync_id, [removal(leaving, 530)], leaving)
    comes_in(live_page, office.link(sync_id))
    office.reads_again(sync_id)
    others = students(70)
    office.holds(sync_id, [removal(others, 530)], others)

    live_page.locator("summary", has_text="Confirm removals").click()
    live_page.get_by_role("button", name="Yes, remove 60 records").click()

    is_for_everybody(live_page, "refused-en")
