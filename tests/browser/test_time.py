"""Time as a material, in a real Chromium: scrub, act in the past, compare, lanes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
WEB_0, WEB_1 = "#seat-default-web-0", "#seat-default-web-1"


def lose_web_0(page: Page) -> None:
    """Bring up the chapter's set, delete web-0, wait until the next one is Ready; stop the clock."""
    page.get_by_role("button", name="Apply").click()
    settle(page)
    expect(page.locator(f"{WEB_1}.ready")).to_be_visible()
    page.locator(WEB_0).click()
    delete(page, "Delete")
    expect(page.locator("#said")).to_contain_text('pod "web-0" deleted')
    settle(page)
    expect(page.locator(f"{WEB_0}.ready.reseated")).to_be_visible()
    expect(page.locator("#settle")).to_be_enabled()
    page.locator("#controls").get_by_role("button", name="Pause").click()
    expect(page.locator("#controls output")).to_have_text("paused")
    page.get_by_role("button", name="Close").click()


def delete(page: Page, title: str) -> None:
    """Delete what the panel shows: its button says what will be lost, and asks once more."""
    page.locator("#panel").get_by_role("button", name=title, exact=True).click()
    page.locator("#menu").get_by_role("button", name=title, exact=True).click()


def settle(page: Page) -> None:
    page.locator("#settle").click()


def to_the_empty_seat(page: Page) -> None:
    """Go back to before web-0 was deleted, then on with the keyboard until nobody sits in its seat."""
    page.get_by_role("link", name="Undo").click()
    expect(page.locator("#past")).to_contain_text("Before you did the last thing")
    expect(page).to_have_url(re.compile(r"/at/\d+$"))
    page.locator("#scrub").focus()
    for _ in range(40):
        if page.locator(f"{WEB_0}.empty").count():
            return
        before = page.url
        page.keyboard.press("ArrowRight")
        expect(page).not_to_have_url(before)  # it says so when all of the page is of then
    pytest.fail("the seat was never empty")


def test_scrubbing_shows_the_empty_seat_of_the_past_while_the_set_is_whole(
    page: Page, second_page: Page
) -> None:
    lose_web_0(page)
    uid = page.locator(f"{WEB_0} text").all_inner_texts()

    to_the_empty_seat(page)

    expect(page.locator("#past")).to_contain_text(re.compile(r"Revision \d+ of \d+, \d\d:\d\d:\d\d\."))
    expect(page).to_have_url(re.compile(r"/c/lab/at/\d+$"))
    expect(page.locator("#scrub")).to_have_attribute("aria-valuetext", re.compile(r"revision \d+ of \d+"))
    expect(page.locator("#rows-Pod li")).to_have_count(1)
    expect(second_page.locator(f"{WEB_0}.ready")).to_be_visible()

    page.keyboard.press("Escape")
    page.locator("#room").focus()
    page.keyboard.press("n")

    expect(page.locator(f"{WEB_0}.ready")).to_be_visible()
    expect(page.locator("#rows-Pod li")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/c/lab/$"))
    assert page.locator(f"{WEB_0} text").all_inner_texts() == uid


def test_while_somebody_looks_at_the_past_the_present_does_not_break_in(
    page: Page, second_page: Page
) -> None:
    lose_web_0(page)
    to_the_empty_seat(page)
    last = page.locator("#past-last").inner_text()

    second_page.locator(WEB_1).click()
    delete(second_page, "Delete without waiting")
    expect(second_page.locator(f"{WEB_1}.ready")).to_have_count(0)

    expect(page.locator("#past-last")).not_to_have_text(last)
    expect(page.locator(f"{WEB_0}.empty")).to_be_visible()
    expect(page.locator(f"{WEB_1}.ready")).to_be_visible()
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator(f"{WEB_1}.ready")).to_have_count(0)
    expect(page.locator(f"{WEB_0}.ready")).to_be_visible()


def test_acting_in_the_past_forks_and_the_fork_shows_the_branch_it_left(page: Page, server: Server) -> None:
    lose_web_0(page)
    page.locator("#room").focus()
    page.keyboard.press("z")
    expect(page.locator("#past")).to_contain_text(
        "Before you did the last thing: Pod web-0 is being deleted."
    )

    page.locator(WEB_1).click()
    delete(page, "Delete without waiting")

    expect(page).to_have_url(f"{server.url}c/lab-2/")
    expect(page.locator("#said")).to_contain_text("kubectl delete pod web-1 --grace-period=0 --force")
    expect(page.locator(f"{WEB_0}.ready:not(.reseated)")).to_be_visible()
    expect(page.locator(f"{WEB_1}.ready")).to_have_count(0)
    expect(page.locator("#ticks .left")).to_have_count(1)
    expect(page.locator("#branch")).to_contain_text("lab after revision")
    page.locator("#branch a").click()
    expect(page.locator(f"{WEB_0}.ready.reseated")).to_be_visible()
    expect(page.locator(f"{WEB_1}.ready:not(.reseated)")).to_be_visible()


def test_the_comparison_says_what_survived(page: Page) -> None:
    lose_web_0(page)

    page.locator(".views").get_by_role("button", name="Compare").click()

    said = page.locator("#compare-view .sentence")
    expect(said).to_contain_text("web-0: name, DNS name, claim, volume and bytes survived; uid")
    expect(said).not_to_contain_text("web-1")
    for name in ("name", "DNS name", "claim", "volume", "bytes"):
        row = page.locator("#compare-view tr", has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row).to_contain_text("survived")
    page.locator(".views").get_by_role("button", name="Picture").click()
    expect(page.locator(WEB_0)).to_be_visible()


def test_the_lanes_show_two_lives_of_web_0_and_grow_with_the_third(page: Page) -> None:
    lose_web_0(page)

    page.locator(".views").get_by_role("button", name="Lanes").click()

    lives = page.locator("#lanes .life.pod[aria-label^='Pod web-0']")
    expect(lives).to_have_count(2)
    expect(page.locator("#lanes .life.claim[aria-label*='www-web-0']")).to_have_count(1)
    page.locator("#rows-Pod").get_by_role("button", name="web-0", exact=True).click()
    delete(page, "Delete without waiting")
    settle(page)
    expect(lives).to_have_count(3)


def test_an_address_of_the_past_can_be_opened_by_somebody_else(
    page: Page, browser: Browser, server: Server
) -> None:
    lose_web_0(page)
    to_the_empty_seat(page)

    context = browser.new_context(viewport={"width": 1280, "height": 800})
    other = context.new_page()
    other.goto(page.url)

    expect(other.locator(f"{WEB_0}.empty")).to_be_visible()
    expect(other.locator("#past p")).to_have_text(page.locator("#past p").inner_text())
    expect(other.locator("#scrub")).to_have_value(page.locator("#scrub").input_value())
    other.get_by_role("link", name="Back to now").click()
    expect(other.locator(f"{WEB_0}.ready")).to_be_visible()
    context.close()


def test_the_slider_can_be_dragged_and_only_the_last_wish_counts(page: Page) -> None:
    lose_web_0(page)
    track = page.locator("#scrub").bounding_box()
    assert track
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] - 8, y)
    page.mouse.down()
    for share in (0.9, 0.7, 0.5, 0.4, 0.3, 0.6, 0.62):
        page.mouse.move(track["x"] + share * track["width"], y)
    page.mouse.up()

    place = page.locator("#scrub").input_value()
    expect(page.locator("#past")).to_have_attribute("data-place", place)
    expect(page.locator("#scrub")).to_have_value(place)
