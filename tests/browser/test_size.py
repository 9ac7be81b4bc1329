"""Large sets in a browser: what is folded is said, and anything in it is found."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bench.replicas import MANIFEST
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
PATIENCE = 30_000  # milliseconds
IN_ROOM = """element => {
  const a = element.getBoundingClientRect(), b = document.getElementById('room').getBoundingClientRect()
  return a.top >= b.top && a.bottom <= b.bottom && a.left >= b.left && a.right <= b.right
}"""


@pytest.fixture
def large(page: Page) -> Page:
    page.fill("#text", MANIFEST.format(replicas=320))
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="settle").click()
    expect(page.locator("#picture")).to_contain_text("320 / 320", timeout=PATIENCE)
    return page


def test_a_slash_and_an_ordinal_jump_to_a_folded_seat(large: Page, second_page: Page) -> None:
    """What is unfolded is unfolded for everybody; what others look at stays where it is."""
    page, other = large, second_page
    expect(page.locator("#left-out")).to_contain_text("314 seats are folded")
    before = other.locator("#canvas").get_attribute("style")
    page.locator("#room").focus()
    page.keyboard.press("/")
    page.keyboard.type("217")
    expect(page.locator("#found [role=option]").first).to_contain_text("web-217")
    page.keyboard.press("Enter")

    seat = page.locator("#seat-default-web-217")
    expect(seat).to_be_focused()
    assert seat.evaluate(IN_ROOM)
    expect(page.locator("#panel")).to_contain_text("web-217")
    expect(other.locator("#seat-default-web-217")).to_be_attached()
    assert other.locator("#canvas").get_attribute("style") == before


def test_a_volume_is_found_behind_its_seat_and_arrows_go_on_from_there(large: Page) -> None:
    page = large
    page.fill("#find", "pvc/150")
    expect(page.locator("#found [role=option]").first).to_contain_text("www-web-150")
    page.locator("#found [role=option]").first.click()
    claim = page.locator("#claim-default-www-web-150")
    expect(claim).to_be_focused()

    page.keyboard.press("ArrowRight")
    assert "volume" in (page.evaluate("document.activeElement.id") or "")


def test_what_is_not_there_is_said(page: Page, server: Server) -> None:
    page.fill("#find", "<b>nothing")
    expect(page.locator("#found")).to_contain_text("Nothing has “<b>nothing” in its name")
