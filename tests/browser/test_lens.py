"""The DNS lens in a real Chromium: another address after web-0 was deleted, the old one in the history."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
WEB_0 = "#seat-default-web-0"
ADDRESS = re.compile(r"is (10\.[\d.]+\d)\.")


def open_lens(page: Page, name: str) -> Locator:
    page.get_by_role("button", name="DNS").click()
    page.locator("#dns-name").fill(name)
    page.keyboard.press("Enter")
    sentence = page.locator("#dns-answer .sentence")
    expect(sentence).to_be_visible()
    return sentence


def step_until_the_endpoints_follow(page: Page) -> None:
    newest = page.locator("#timeline li").first
    for _ in range(12):
        before = newest.get_attribute("id")
        page.locator("#step").click()
        expect(newest).not_to_have_attribute("id", before)
        if "EndpointSlice nginx" in newest.inner_text():
            return
    pytest.fail("nobody told the EndpointSlice")


def test_after_web_0_was_deleted_its_name_has_another_address_and_the_history_the_old_one(page: Page) -> None:
    page.get_by_role("button", name="Apply").click()
    page.locator("#settle").click()
    expect(page.locator(f"{WEB_0}.ready")).to_be_visible()
    expect(page.locator("#settle")).to_be_enabled()
    page.locator("#controls").get_by_role("button", name="Pause").click()

    sentence = open_lens(page, "web-0.nginx")
    expect(sentence).to_contain_text(ADDRESS)
    old = ADDRESS.search(sentence.inner_text())[1]
    expect(page.locator("#dns-answer .line code")).to_contain_text("dig @")

    page.locator("#dns-name").fill("half a na")
    page.locator("#rows-Pod").get_by_role("button", name="web-0").click()
    page.locator("#panel").get_by_role("button", name="Delete", exact=True).click()
    page.locator("#menu").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Pod web-0 is being deleted")
    step_until_the_endpoints_follow(page)
    expect(sentence).to_contain_text("NXDOMAIN, Pod web-0 is being deleted")
    expect(page.locator(".dns-caches")).to_contain_text(f"may be told {old} by a cache until")
    expect(page.locator("#dns-name")).to_have_value("half a na")

    page.locator("#settle").click()
    expect(sentence).to_contain_text(ADDRESS)
    assert ADDRESS.search(sentence.inner_text())[1] != old
    expect(page.locator(".dns-history")).to_contain_text(old)
    expect(page.locator(".dns-history")).to_contain_text("you: Pod web-0 is being deleted")

    page.locator(".dns-names").get_by_role("button", name="nginx.default", exact=False).first.click()
    expect(page.locator("#dns-name")).to_have_value(re.compile(r"nginx\.default\.svc\.cluster\.local\.$"))
