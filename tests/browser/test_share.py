"""Sharing, in a real Chromium: the menu, the player without a network, the SVG's words in their boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_time import WEB_0, lose_web_0

pytestmark = pytest.mark.browser


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A page without a network; it may ask for nothing but the file that it is."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert faults == []


def open_menu(page: Page) -> None:
    page.locator("#share > summary").click()
    expect(page.locator("#share-list")).to_contain_text("The run as one HTML file")


def test_the_run_plays_from_a_file_with_keys_and_tells_who_did_what(
    page: Page, offline: Page, tmp_path: Path
) -> None:
    lose_web_0(page)
    open_menu(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="The run as one HTML file").click()
    file = tmp_path / "run.html"
    download.value.save_as(file)

    offline.goto(file.as_uri())
    expect(offline.locator("#when")).to_contain_text("step 1 of")
    offline.keyboard.press("End")
    expect(offline.locator(f"{WEB_0}.ready.reseated")).to_be_visible()
    for _ in range(60):
        if offline.locator(f"{WEB_0}.empty").count():
            break
        offline.keyboard.press("ArrowLeft")
    expect(offline.locator(f"{WEB_0}.empty")).to_be_visible()
    expect(offline.locator("#sentence")).to_contain_text("Pod web-0 removed")

    offline.keyboard.press("Home")
    expect(offline.locator(WEB_0)).to_have_count(0)
    offline.get_by_label("Pace").select_option("fast")
    offline.keyboard.press("Escape")
    offline.locator("#room").focus()
    offline.keyboard.press("Space")
    expect(offline.locator("#play")).to_have_attribute("aria-label", "Pause")
    expect(offline.locator("#when")).to_contain_text(re.compile(r"step (?![012] )\d+ of"))
    offline.keyboard.press("Space")
    expect(offline.locator("#play")).to_have_attribute("aria-label", "Play")
    expect(offline.locator("#step")).to_have_attribute(
        "aria-valuetext", re.compile(r"step \d+ of \d+, revision")
    )


def test_a_frame_of_this_site_shows_the_picture_and_plays_its_past(page: Page, server: Server) -> None:
    lose_web_0(page)
    page.goto(f"{server.url}c/lab/embed")
    expect(page.locator(f"{WEB_0}.ready")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(3)
    page.get_by_role("button", name="One step back").click()
    expect(page.locator("#when")).to_contain_text("revision")
    page.locator("#step").press("Home")
    expect(page.locator(WEB_0)).to_have_count(0)


def test_words_of_the_svg_can_be_selected_and_fit_whatever_the_font(page: Page, server: Server) -> None:
    lose_web_0(page)
    page.goto(f"{server.url}c/lab/picture.svg")
    page.evaluate("getSelection().selectAllChildren(document.documentElement)")
    assert page.evaluate("String(getSelection())").count("web-0") > 2
    for font in ("serif", "monospace", "Verdana, DejaVu Sans"):
        outside = page.evaluate(
            """font => [...document.querySelectorAll('g[role] text')].filter(text => {
              text.setAttribute('font-family', font)
              const box = text.parentNode.querySelector('path, polygon').getBBox(), words = text.getBBox()
              return words.x < box.x || words.x + words.width > box.x + box.width + 1
            }).map(text => text.textContent)""",
            font,
        )
        assert outside == [], font


def test_a_link_to_a_moment_opens_it_with_the_thing_selected(page: Page, server: Server) -> None:
    lose_web_0(page)
    page.get_by_role("link", name="Undo").click()
    expect(page.locator("#past")).to_contain_text("Before you did the last thing")
    page.locator(WEB_0).click()
    expect(page.locator("#panel")).to_contain_text("web-0")
    open_menu(page)
    link = page.locator("#share-list code").first.inner_text()
    page.goto(link)
    expect(page.locator("#past")).to_contain_text("Revision")
    expect(page.locator("#panel")).to_contain_text("web-0")
    expect(page.locator("#panel")).to_have_attribute("data-element", WEB_0.removeprefix("#"))
