"""A speaker with a clicker in a real Chromium: one sentence, one picture, large; every key does its work."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from stsviz.scenarios import library
from tests.browser.conftest import Server
from tests.browser.test_chapter import quick
from tests.browser.test_scenarios import LONG, sentence

pytestmark = pytest.mark.browser
SCENARIO = "01-web-0-returns"
BEATS = library.shipped()[SCENARIO].beats
QUESTION = next(number for number, beat in enumerate(BEATS) if beat.ask)
EIGHTEEN_POINTS = 24  # px

SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.unseen, title'))
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.()?.a ?? 1)))"""


def present(page: Page, server: Server) -> None:
    page.goto(server.url + "scenarios/" + SCENARIO)
    quick(page)
    page.locator("#present").click()
    expect(page.locator("body.presenting")).to_be_attached()


def expect_beat(page: Page, number: int) -> None:
    expect(page.locator("#story")).to_have_attribute("data-beat", str(number + 1), timeout=LONG)
    expect(page.locator("#story[data-hurries]")).to_have_count(0, timeout=LONG)


def test_a_clicker_turns_the_beats_and_a_question_hides_its_answer_until_the_key_comes_again(
    page: Page, server: Server
) -> None:
    present(page, server)
    for at, key in enumerate(("PageDown", "ArrowRight", ".")):
        expect_beat(page, at)
        page.keyboard.press(key)
    ask = BEATS[QUESTION].ask
    assert ask is not None
    assert QUESTION == 3
    expect(page.locator("#story .sentence")).to_contain_text(ask.say.en, timeout=LONG)
    truth = page.locator("#story .truth")
    expect(truth).to_have_count(0)
    assert page.locator("#story .answers").is_hidden()

    page.keyboard.press("PageDown")
    expect(truth).to_be_visible(timeout=LONG)
    assert truth.inner_text() == f"It stays Bound. {ask.why.en}"
    assert page.locator("#story .sentence").is_hidden()  # one sentence

    page.keyboard.press("PageUp")
    expect_beat(page, QUESTION - 1)
    page.keyboard.press("6")
    expect_beat(page, 5)
    expect(page.locator("#story .sentence")).to_have_text(BEATS[5].say.en, use_inner_text=True, timeout=LONG)


def test_what_is_pressed_while_the_story_hurries_is_done_afterwards(page: Page, server: Server) -> None:
    present(page, server)
    expect_beat(page, 0)
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect_beat(page, 2)


def test_nothing_is_on_the_page_but_the_picture_and_one_sentence_of_eighteen_points_at_least(
    page: Page, server: Server
) -> None:
    present(page, server)
    expect(page.locator("#seat-default-web-0")).to_be_visible(timeout=LONG)
    others = page.locator("header, #write, #side, #happened, #tables, #timebar, .tools, #story button")
    assert others.count() > 10
    assert [e for e in others.all() if e.is_visible()] == []
    assert sentence(page) == BEATS[0].say.en
    assert page.evaluate(SMALLEST) >= EIGHTEEN_POINTS


def test_the_picture_goes_to_what_the_beat_points_at(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    present(page, server)
    page.keyboard.press("6")
    expect_beat(page, 5)
    look = page.locator("#story").get_attribute("data-look")
    assert look
    pointed = page.locator(", ".join(f'#picture [id="{name}"]' for name in look.split())).first
    expect(pointed).to_be_in_viewport(ratio=0.9, timeout=LONG)


def test_b_blacks_the_screen_and_any_key_brings_it_back_and_does_nothing_else(
    page: Page, server: Server
) -> None:
    present(page, server)
    expect_beat(page, 0)
    black = page.locator("#black")
    for key in ("PageDown", "Escape", "b", "x"):
        page.keyboard.press("b")
        expect(black).to_be_visible()
        page.keyboard.press(key)
        expect(black).to_be_hidden()
    expect(page.locator("body.presenting")).to_be_attached()
    expect_beat(page, 0)


def test_p_presents_and_escape_leaves_and_the_address_says_so(page: Page) -> None:
    page.locator("#room").focus()
    page.keyboard.press("p")
    assert page.url.endswith("/c/lab/present")
    page.reload()
    expect(page.locator("#happened #timeline")).to_be_visible()
    expect(page.locator("header")).to_be_hidden()
    page.keyboard.press("Escape")
    assert page.url.endswith("/c/lab/")
    expect(page.locator("header")).to_be_visible()
    page.keyboard.press("p")
    page.go_back()
    expect(page.locator("header")).to_be_visible()
    assert not page.evaluate("document.querySelector('#write').inert")


def test_without_a_scenario_a_key_takes_one_decision_and_goes_back_one_revision(page: Page) -> None:
    page.locator("#play").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome")).to_contain_text("statefulset.apps/web created")
    page.locator("#present").click()
    said = page.locator("#timeline > li:visible")
    expect(said).to_have_count(1)
    before = said.inner_text()
    page.keyboard.press("PageDown")
    expect(said).not_to_have_text(before, use_inner_text=True)
    after = said.inner_text()
    page.keyboard.press("PageUp")
    expect(page.locator("#past[data-at]")).to_be_attached()
    expect(said).not_to_have_text(after, use_inner_text=True)


def test_the_demo_can_be_presented_and_does_not_go_back(page: Page) -> None:
    page.get_by_role("button", name="Demo").click()
    expect(page.locator("#story[data-runs]")).to_be_attached()
    page.locator("#present").click()
    first = page.locator("#story p").inner_text()
    page.keyboard.press("PageDown")
    expect(page.locator("#story p")).not_to_have_text(first, use_inner_text=True, timeout=LONG)
    second = page.locator("#story p").inner_text()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    expect(page.locator("#story p")).not_to_have_text(second, use_inner_text=True, timeout=LONG)
    assert page.locator("#story p").inner_text() != first


def test_two_who_present_the_same_cluster_see_the_same_beat(
    page: Page, browser: Browser, server: Server, second_page: Page
) -> None:
    present(page, server)
    expect_beat(page, 0)
    second_page.goto(page.url)
    page.keyboard.press("PageDown")
    expect_beat(page, 1)
    second_page.keyboard.press("PageDown")
    for viewer in (page, second_page):
        expect_beat(viewer, 2)
