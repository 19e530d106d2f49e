"""A real browser in front of a real server on loopback."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from rosterhold.statemachine.chart import SyncState
from tests.browser.stage import Stage, installed
from tests.offices import Office

SMALL_DISTRICT = 600
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# For a module and no longer: Playwright's loop runs in the thread of the tests, where other tests
# run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page that runs no JavaScript, since none is needed."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def either_page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A fresh page, once as most people have it and once without JavaScript."""
    context = browser.new_context(java_script_enabled=request.param == "with JavaScript")
    yield context.new_page()
    context.close()


@pytest.fixture
def live_page(browser: Browser) -> Iterator[Page]:
    """A fresh page with JavaScript."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The embedded default, with a small district that was synced once."""
    with installed(tmp_path, people=SMALL_DISTRICT) as made:
        assert made.syncs_until_it_rests().state is SyncState.COMPLETED
        yield made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A district office whose pages are served on a free port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = Office(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(made.app(), log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield made
    server.should_exit = True
    thread.join()
    made.database.dispose()
