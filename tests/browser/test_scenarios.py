"""Scenarios in a real Chromium: from the menu to the end, in Chinese, from a file, and left midway."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stsviz.scenarios import library
from tests.browser.conftest import Server
from tests.browser.test_chapter import quick
from tests.stsviz.scenarios.cast import SMALL

pytestmark = pytest.mark.browser
LONG = 30_000  # milliseconds: simulated minutes at a quick pace, on a slow machine


def sentence(page: Page) -> str:
    """Return what stands above the picture, in the language that is shown."""
    return page.locator("#story .sentence").inner_text()


def start(page: Page, title: str) -> None:
    page.locator("#scenarios summary").click()
    page.locator("#scenarios .title", has_text=title).click()
    expect(page.locator("#story.telling")).to_be_visible()


def test_the_first_scenario_from_the_menu_to_its_end(page: Page) -> None:
    beats = library.demo().beats
    start(page, "web-0 returns")
    assert page.url.endswith("/c/01-web-0-returns/")
    story, current = page.locator("#story"), page.locator("#story .chip[aria-current]")

    page.locator("#story .chip", has_text="4").click()  # hurries to the question
    assert beats[3].ask
    expect(story).to_contain_text(beats[3].ask.say.en, timeout=LONG)
    expect(page.locator("#seat-default-web-0.ready")).to_be_visible()

    page.get_by_role("button", name="It is deleted with the Pod").click()
    quick(page)
    expect(page.locator("#story .verdict")).to_contain_text(
        "Not so: It stays Bound.", use_inner_text=True, timeout=LONG
    )
    expect(page.locator("#claim-default-www-web-0.ready")).to_be_visible()
    assert sentence(page) == beats[3].say.en

    page.get_by_role("button", name="Auto").click()
    expect(page.get_by_role("button", name="Auto")).to_have_attribute("aria-pressed", "false")
    for number in range(5, len(beats) + 1):
        page.locator("#next-beat").click()
        expect(current).to_have_text(str(number), timeout=LONG)
    page.locator("#next-beat").click()
    expect(page.get_by_role("button", name="Next scenario: Delete the set, keep the data")).to_be_visible(
        timeout=LONG
    )
    assert sentence(page) == beats[-1].say.en
    expect(page.locator("#seat-default-web-0.ready")).to_be_visible()


def test_a_misconception_is_refuted_in_three_gestures(page: Page) -> None:
    page.locator("#scenarios summary").click()
    page.locator(
        "#scenarios .belief", has_text="Deleting or scaling down a StatefulSet deletes its claims"
    ).click()
    page.get_by_role("button", name="Nothing").click(timeout=LONG)
    quick(page)
    expect(page.locator("#story .verdict")).to_contain_text(
        "Not so: Both claims and both volumes.", use_inner_text=True, timeout=LONG
    )
    assert sentence(page) == library.shipped()["02-keep-the-data"].beats[3].say.en


def test_back_plays_the_beat_before_again_in_a_cluster_that_is_the_same(page: Page) -> None:
    start(page, "The claim that will not die")
    page.locator("#next-beat").click()
    expect(page.locator("#story .answers")).to_be_visible(timeout=LONG)
    uid = page.locator("#seat-default-web-0").text_content()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#story .chip[aria-current]")).to_have_text("1")
    page.locator("#next-beat").click()
    expect(page.locator("#story .answers")).to_be_visible(timeout=LONG)
    assert page.locator("#seat-default-web-0").text_content() == uid


def test_who_tries_something_has_left_and_can_take_it_up_again(page: Page, server: Server) -> None:
    start(page, "The claim that will not die")
    page.locator("#next-beat").click()
    expect(page.locator("#story .answers")).to_be_visible(timeout=LONG)

    cluster = f"{server.url}clusters/07-claim-that-will-not-die/"
    pod = urllib.request.Request(f"{cluster}api/v1/namespaces/default/pods/web-0", method="DELETE")
    urllib.request.urlopen(pod).close()  # as kubectl delete pod web-0
    expect(page.locator("#story")).to_contain_text("You have left the scenario")
    expect(page.locator("#seat-default-web-0.terminating, #seat-default-web-0.empty")).to_be_visible(
        timeout=LONG
    )

    page.get_by_role("button", name="Take it up again").click()
    expect(page.locator("#story .answers")).to_be_visible(timeout=LONG)
    expect(page.locator("#seat-default-web-0.ready")).to_be_visible()


def test_a_chinese_browser_reads_chinese_and_the_choice_is_kept(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(server.url + "scenarios/09-nameless-pods")
    beat = library.shipped()["09-nameless-pods"].beats[0]
    assert beat.ask
    expect(page.locator("#story .sentence")).to_contain_text(beat.ask.say.zh, use_inner_text=True)
    shown = page.locator("#story .sentence span:visible")
    expect(shown).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("#next-beat")).to_have_text("下一步", use_inner_text=True)

    page.locator("#words").click()
    expect(page.locator("#story .sentence")).to_have_text(beat.ask.say.en, use_inner_text=True)
    page.reload()
    expect(page.locator("#story .sentence")).to_have_text(beat.ask.say.en, use_inner_text=True)
    context.close()


def test_a_file_of_ones_own_is_checked_and_told(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "My claim.yaml"
    path.write_text(SMALL.replace("delete: pvc/data", "destroy: pvc/data"), encoding="utf-8")
    page.locator("#scenarios summary").click()
    chooser = page.locator("#scenario-file")
    chooser.set_input_files(path)
    faults = page.locator("#scenario-said")
    expect(faults).to_contain_text("line 19 beats[1].do[0].destroy")
    expect(faults).to_contain_text('unknown action "destroy"')
    assert page.url.endswith("/c/lab/")

    path.write_text(SMALL.replace("What becomes of it?", "<img src=x onerror=alert(1)>"), encoding="utf-8")
    chooser.set_input_files([])  # as a click on the button does
    chooser.set_input_files(path)
    expect(page.locator("#story .sentence")).to_have_text("<img src=x onerror=alert(1)>", use_inner_text=True)
    assert page.url.endswith("/c/own-my-claim/")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_strip_and_the_menu_fit_the_window(page: Page, server: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server.url + "scenarios/08-the-cork")
    expect(page.locator("#story.telling")).to_be_visible()
    page.locator("#scenarios summary").click()
    expect(page.locator("#scenarios .belief").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('#story button, #scenarios button')].filter(b => b.offsetParent)"
        ".filter(b => b.offsetHeight < 24 || b.offsetWidth < 24).map(b => b.textContent)"
    )
    assert small == []
