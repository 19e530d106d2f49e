"""From the link in a mail to the decision, as an administrator does it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from rosterhold.adapters.database import emails
from rosterhold.adapters.links import report_link
from rosterhold.adapters.mail import compose, mail_context
from rosterhold.statemachine.chart import SyncState
from tests.offices import Office, emergency_contacts, lost_connection, removal, students

pytestmark = pytest.mark.browser


def held_for_removals(office: Office, count: int = 212) -> str:
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    leaving = students(count)
    office.holds(sync_id, [removal(leaving, 530)], leaving)
    return sync_id


def comes_in(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Continue").click()


def link_in_the_mail(office: Office, sync_id: str) -> str:
    with office.database.reading() as conn:
        mail = emails.of_sync(conn, sync_id)[-1]
        context = mail_context(conn, mail)
    link = report_link(office.public_url, sync_id, mail.id)
    message = compose(
        mail,
        context,
        link=link,
        unsubscribe="",
        sender="rosterhold@example.org",
    )
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+", body.get_content())
    assert found is not None
    return found.group()


def test_from_the_mail_to_confirmed_removals(office: Office, page: Page):
    sync_id = held_for_removals(office)

    page.goto(link_in_the_mail(office, sync_id))
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    comes_in(page, office.mailer.link())
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing was changed")
    page.get_by_label("Name or Clever id").fill("Jane 21")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("3 records found")).to_be_visible()
    page.get_by_role("link", name="Back to the report").click()
    page.locator("summary", has_text="Confirm removals").click()
    page.get_by_label(re.compile("Type this number")).fill("212")
    page.get_by_role("button", name="Yes, remove 212 records").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your roster sync is running.")
    assert office.sync(sync_id).state is SyncState.RESUMED


def test_checking_again_is_asked_for_a_second_time(office: Office, page: Page):
    sync_id = held_for_removals(office)
    comes_in(page, office.link(sync_id))

    page.locator("summary", has_text="Check for new Clever data").click()
    assert office.sync(sync_id).state is SyncState.HELD_REMOVALS
    page.get_by_role("button", name="Yes, continue").click()

    expect(page.get_by_text("Starting again").first).to_be_visible()
    assert office.sync(sync_id).state is SyncState.RESUMED


def test_a_report_that_stayed_open_too_long_confirms_nothing(office: Office, page: Page):
    sync_id = held_for_removals(office)
    comes_in(page, office.link(sync_id))
    office.reads_again(sync_id)
    others = students(230)
    office.holds(sync_id, [removal(others, 530)], others)

    page.locator("summary", has_text="Confirm removals").click()
    page.get_by_label(re.compile("Type this number")).fill("212")
    page.get_by_role("button", name="Yes, remove 212 records").click()

    expect(page.get_by_text("18 records are on hold now that were not")).to_be_visible()
    page.get_by_role("link", name="Back to the report").click()
    page.locator("summary", has_text="Confirm removals").click()
    expect(page.get_by_role("button", name="Yes, remove 230 records")).to_be_visible()
    assert office.sync(sync_id).state is SyncState.HELD_REMOVALS


def test_the_keyboard_alone_is_enough(office: Office, page: Page):
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    office.holds(sync_id, [lost_connection()])
    comes_in(page, office.link(sync_id))

    page.locator("summary", has_text="I fixed it").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your roster sync is running.")
    assert office.sync(sync_id).state is SyncState.RESUMED


def test_the_live_page_follows_the_sync_to_its_receipt(office: Office, browser: Browser):
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    page = browser.new_page()
    comes_in(page, office.link(sync_id))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your roster sync is running.")

    office.completes(sync_id)

    expect(page.get_by_role("heading", level=1)).to_have_text("Your roster sync is complete.")
    page.close()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_page_is_wider_than_its_window_and_the_policy_stops_nothing(
    office: Office, browser: Browser, width: int
):
    sync_id = office.starts_sync(office.opens_district("Prairie Unified"))
    leaving = students(212, school_name="The Very-Long-Named-Community-School-of-the-Prairies")
    office.holds(sync_id, [removal(leaving, 530), emergency_contacts(30)], leaving)
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    comes_in(page, office.link(sync_id))
    own = [f"{office.public_url}{path}" for path in ("/", "/account", "/login?out=1")]
    for address in (page.url, f"{page.url}/records?q=jane", *own):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()

    assert complaints == []
