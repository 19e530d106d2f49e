"""Every reason for a hold on the embedded default: from the mail's link to the receipt."""

import csv
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from rosterhold.adapters.database import views
from rosterhold.simulator.generate import SMALLEST, generate_district
from rosterhold.statemachine.chart import SyncState
from tests.browser.stage import Stage, comes_in

pytestmark = pytest.mark.browser

# A busy machine may take a while for a sync.
PATIENCE_MS = 120_000


def goes_in(page: Page, stage: Stage, about: str = "Action needed") -> None:
    page.set_default_timeout(PATIENCE_MS)
    stage.lets_in(page, about)
    expect(page.get_by_role("heading", level=1)).to_contain_text("on hold. Nothing was changed")


def answers(page: Page, button: str, last: str | re.Pattern[str]) -> None:
    """Open what a button does, type the number if it is asked for, and press it."""
    choice = page.get_by_role("article").filter(has=page.get_by_role("heading", name=button))
    choice.locator("summary", has_text=button).click()
    number = choice.get_by_label(re.compile("Type this number"))
    if number.count():
        number.fill(re.sub(r"\D", "", choice.locator("label strong").inner_text()))
    choice.get_by_role("button", name=last).click()


def sees_the_receipt(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your roster sync is complete.", timeout=PATIENCE_MS
    )
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()


def test_from_the_mail_to_the_receipt_by_a_link_that_is_mailed(stage: Stage, either_page: Page):
    stage.changes("remove-school", school=stage.first_school()["id"])
    sync_id = stage.syncs_until_it_rests().id
    page = either_page
    page.set_default_timeout(PATIENCE_MS)

    page.goto(stage.link_of_the_newest_mail("on hold"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Please log in")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    comes_in(page, stage.link_of_the_newest_mail("link to log in"))

    expect(page).to_have_url(re.compile(f"/syncs/{sync_id}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("on hold. Nothing was changed")
    answers(page, "Confirm removals", re.compile("Yes, remove"))
    sees_the_receipt(page)


def test_a_school_that_closed_is_confirmed(stage: Stage, either_page: Page):
    school = stage.first_school()
    stage.changes("remove-school", school=school["id"])
    assert stage.syncs_until_it_rests().state is SyncState.HELD_REMOVALS
    page = either_page

    goes_in(page, stage)
    expect(page.get_by_role("heading", name="One school is no longer shared")).to_be_visible()
    page.get_by_role("link", name="Students", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The records of this sync")
    first = page.locator("tbody th").first.inner_text()
    page.get_by_label("Name or Clever id").fill(first)
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("tbody th").first).to_have_text(first)
    page.get_by_role("link", name="Back to the report").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all changes").click()
    rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert {row["change"] for row in rows} == {"removed"}
    answers(page, "Confirm removals", re.compile("Yes, remove"))

    sees_the_receipt(page)
    expect(page.get_by_text("removed as you confirmed")).to_be_visible()
    page.get_by_role("navigation", name="Site").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="All is well.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=school["name"])
    expect(row).to_contain_text("Not connected")


def test_a_mistake_that_was_corrected_is_read_again(stage: Stage, either_page: Page):
    stage.changes("remove-students", share=0.4)
    stage.syncs_until_it_rests()
    goes_in(either_page, stage)
    stage.changes("undo")

    answers(either_page, "Check for new Clever data", "Yes, continue")

    sees_the_receipt(either_page)


def test_a_lost_connection_is_fixed(stage: Stage, either_page: Page):
    stage.changes("revoke")
    stage.syncs_until_it_rests()
    goes_in(either_page, stage)
    expect(
        either_page.get_by_role("heading", name="We cannot read your roster").first
    ).to_be_visible()
    stage.changes("connect")

    answers(either_page, "I fixed it", "Yes, try again")

    sees_the_receipt(either_page)


@pytest.mark.parametrize(
    ("button", "last"), [("Accept", "Yes, accept them"), ("Leave these contacts out", "Yes, leave")]
)
def test_doubtful_contacts_are_answered(stage: Stage, page: Page, button: str, last: str):
    # Few enough that leaving them out is no mass removal.
    stage.changes("emergency-contacts", share=0.05)
    stage.syncs_until_it_rests()

    goes_in(page, stage)
    expect(page.get_by_role("heading", name="Some contacts may not be guardians")).to_be_visible()
    answers(page, button, re.compile(last))

    sees_the_receipt(page)


def test_new_ids_for_everybody_are_taken_over(stage: Stage, page: Page):
    stage.changes("rekey", share=1.0)
    stage.syncs_until_it_rests()

    goes_in(page, stage)
    expect(page.get_by_role("heading", name="Nearly every id of the students")).to_be_visible()
    answers(page, "Confirm removals", re.compile("Yes, take over"))

    sees_the_receipt(page)


def test_two_schools_are_answered_one_after_the_other(stage: Stage, either_page: Page):
    page = either_page
    stage.changes("add-school")
    stage.syncs_until_it_rests()
    schools = [stage.first_school()]
    stage.changes("remove-school", school=schools[0]["id"])
    schools.append(stage.first_school())
    stage.changes("remove-school", school=schools[1]["id"])
    sync_id = stage.syncs_until_it_rests().id
    goes_in(page, stage)
    expect(page.get_by_role("heading", name="2 schools are no longer shared")).to_be_visible()

    page.locator("summary", has_text="Only for chosen schools").click()
    page.get_by_role("checkbox", name=schools[0]["name"]).check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("You answer for these alone")).to_be_visible()
    number = page.get_by_label(re.compile("Type this number"))
    if number.count():
        number.fill(re.sub(r"\D", "", page.locator("label strong").inner_text()))
    page.get_by_role("button", name=re.compile("Yes, confirm")).click()

    expect(page.get_by_text("are left to answer")).to_be_visible()
    assert stage.sync(sync_id).state is SyncState.HELD_REMOVALS
    answers(page, "Confirm removals", re.compile("Yes, remove"))
    sees_the_receipt(page)


def test_the_page_follows_a_sync_without_loading_itself_again(stage: Stage, live_page: Page):
    stage.changes("remove-students", share=0.4)
    stage.syncs_until_it_rests()
    goes_in(live_page, stage)
    answers(live_page, "Confirm removals", re.compile("Yes, remove"))
    live_page.wait_for_url(re.compile(r"/syncs/\w+$"))
    expect(live_page.get_by_role("heading", level=1)).not_to_contain_text("on hold")
    was_running = "running" in live_page.get_by_role("heading", level=1).inner_text()
    live_page.evaluate("window.stayed = true")

    sees_the_receipt(live_page)

    assert live_page.evaluate("window.stayed")
    if was_running:
        expect(live_page.locator("#spoken")).to_have_text("Completed")


def test_a_doubled_click_decides_once(stage: Stage, live_page: Page):
    stage.changes("remove-students", share=0.4)
    sync_id = stage.syncs_until_it_rests().id
    goes_in(live_page, stage)
    live_page.locator("summary", has_text="Check for new Clever data").click()

    live_page.get_by_role("button", name="Yes, continue").dblclick()

    expect(live_page.get_by_role("heading", level=1)).to_be_visible()
    stage.waits_for(sync_id, lambda sync: sync.state.is_on_hold)
    with stage.services.database.reading() as conn:
        assert len(views.decision_views(conn, sync_id)) == 1


def test_filters_of_the_dashboard_stay_in_the_address(stage: Stage, either_page: Page):
    page = either_page
    school = stage.first_school()
    stage.changes("remove-school", school=school["id"])
    stage.syncs_until_it_rests()
    goes_in(page, stage)
    page.get_by_role("navigation", name="Site").get_by_role("link").first.click()

    page.get_by_label("Status", exact=True).select_option("on_hold")
    page.get_by_label("Name of a school").fill(school["name"])
    page.get_by_role("button", name="Search").click()

    expect(page).to_have_url(re.compile("q=.*status=on_hold"))
    expect(page.get_by_text("1 to 1 of 1 schools")).to_be_visible()
    page.reload()
    expect(page.get_by_role("rowheader", name=school["name"])).to_be_visible()
    page.get_by_role("link", name="See what would happen and decide").click()
    expect(page.get_by_role("heading", name="One school is no longer shared")).to_be_visible()


def test_clever_lets_administrators_of_the_district_in_and_nobody_else(stage: Stage, page: Page):
    elsewhere = generate_district(2, SMALLEST, as_of=datetime.now(UTC))
    stage.simulator.world.add(elsewhere)
    page.set_default_timeout(PATIENCE_MS)

    page.goto(f"{stage.services.settings.public_url}/districts/{stage.district_id}")
    page.get_by_role("link", name="Log in with Clever").click()
    for stranger in ("teacher", "district_admin"):
        # The newest district comes last.
        page.get_by_role("link", name=stranger).last.click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Logging in with Clever did not work")
        expect(page.get_by_role("alert")).to_contain_text("you are not an administrator")
        page.get_by_role("link", name="Log in with Clever").click()

    page.get_by_role("link", name="district_admin").first.click()
    expect(page).to_have_url(re.compile(f"/districts/{stage.district_id}$"))
    expect(page.get_by_role("heading", name="All is well.")).to_be_visible()
