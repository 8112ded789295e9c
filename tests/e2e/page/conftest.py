"""Visitors of one house, each in a browser window of its own, watched by their consoles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.conftest import program
from tests.e2e.page import house as houses
from tests.e2e.page.house import House

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
SIZES = {"phone": PHONE, "desk": DESK}
_FLAGS = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
_MILLISECONDS = 20_000
_REPORTS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""
_IS_HACKED = "() => window.hacked !== undefined"


# Ended with the last of these tests: its services would take time from those that follow.
@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with houses.house(tmp_path_factory.mktemp("house")) as made:
        yield made


# Not for the whole session: while playwright runs, nobody else can have an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=_MILLISECONDS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program("chromium"), headless=True, args=list(_FLAGS)
        )
        yield started
        started.close()


class Door(Protocol):
    """Where a service is, and a login there with a role."""

    url: str

    def cookie(self, role: str) -> str: ...


@dataclass
class Visits:
    """`visits.open("operator")` is a page on which somebody with that role is signed in.

    What a test provokes on the console it allows by name: part of the message or its address.
    """

    house: Door
    browser: Browser
    errors: list[str] = field(default_factory=list)
    # A busy machine says no to a small picture, which the page then asks for again.
    allowed: list[str] = field(default_factory=lambda: ["/frame?at="])
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self, role: str | None = "admin", size: str = "desk", view: str = "", **options: Any
    ) -> Page:
        zone = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}
        context = self.browser.new_context(**SIZES[size] | zone | options)
        context.set_default_timeout(_MILLISECONDS)
        context.add_init_script(_REPORTS)
        self.contexts.append(context)
        if role is not None:
            cookie = {"name": "leitstand", "value": self.house.cookie(role), "url": self.house.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.goto(f"{self.house.url}/#/{view}")
        return page

    def allow(self, *parts: str) -> None:
        self.allowed += parts

    def end(self) -> Sequence[str]:
        """What was on the consoles and should not be."""
        for context in self.contexts:
            if any(page.evaluate(_IS_HACKED) for page in context.pages):
                self.errors.append("a name became markup")
            context.close()
        allowed = [re.escape(part) for part in self.allowed]
        return [each for each in self.errors if not any(re.search(a, each) for a in allowed)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


@pytest.fixture
def visits(house: House, browser: Browser) -> Iterator[Visits]:
    visits = Visits(house, browser)
    yield visits
    assert visits.end() == []
