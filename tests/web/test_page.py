"""What the page shows on a desk and on a phone, where nothing can be chosen, and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import SWITCHES
from playwright.sync_api import Browser, Page, expect, sync_playwright
from processes import SCRIPTED, vantum_serve

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 844)
STATUS = "[data-testid=status]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with vantum_serve(tmp_path_factory.mktemp("server"), SCRIPTED) as url:
        yield url


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=[*SWITCHES])
        yield chromium
        chromium.close()


def page_of(browser: Browser, size: tuple[int, int], url: str) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url)
    return page


@pytest.mark.parametrize(
    ("size", "hint"),
    [(DESK, "Just talk, or press Esc, to interrupt."), (PHONE, "Just talk to interrupt.")],
)
def test_esc_is_spoken_of_only_where_there_is_a_keyboard(
    server: str, browser: Browser, size: tuple[int, int], hint: str
) -> None:
    page = page_of(browser, size, server)
    page.get_by_test_id("start").click()
    expect(page.locator("[data-state=speaking]")).to_be_visible()
    expect(page.locator(STATUS)).to_have_text(hint)
    page.close()


def test_where_there_is_one_agent_there_is_no_menu(server: str, browser: Browser) -> None:
    page = page_of(browser, DESK, server)
    expect(page.locator(".chooser")).to_contain_text("Alex, Vantum")
    assert page.locator("select").count() == 0
    page.close()


def test_a_server_that_is_stopped_promises_no_restart(tmp_path: Path, browser: Browser) -> None:
    with vantum_serve(tmp_path, SCRIPTED) as url:
        page = page_of(browser, PHONE, url)
        page.get_by_test_id("start").click()
        expect(page.locator("[data-state=speaking]")).to_be_visible()
    expect(page.locator(STATUS)).to_have_text("The server is going down. Try again in a minute.")
    page.close()
