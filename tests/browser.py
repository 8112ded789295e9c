"""A real Chromium without a window: `from tests.browser import browser, page` in a test file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import program

_MILLISECONDS = 20_000
_FLAGS = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")


# Not of the session: while Playwright runs, no test beside it could run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Started once for a file; it ends with the file's tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program("chromium"), headless=True, args=list(_FLAGS)
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """With cookies and storage of its own."""
    context = browser.new_context()
    context.set_default_timeout(_MILLISECONDS)
    yield context.new_page()
    context.close()
