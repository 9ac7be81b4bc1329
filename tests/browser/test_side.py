"""Two clusters in one window, in a real Chromium: what is done to both, and what each keeps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_deleted_in_both_the_seat_keeps_its_name_and_the_deployment_gets_a_stranger(page: Page) -> None:
    page.locator("#clusters > summary").click()
    page.get_by_role("button", name="StatefulSet and Deployment").click()
    expect(page).to_have_url(re.compile(r"/side/pair-statefulset/pair-deployment$"))
    page.locator("#a-settle").click()
    expect(page.locator("#a-seat-default-web-1.ready")).to_be_visible()
    expect(page.locator("#a-settle")).to_be_enabled()
    page.locator("#a-play").click()
    expect(page.locator("#a-controls output")).to_have_text("paused")
    strangers = page.locator("#b-rows-Pod button")
    expect(strangers).to_have_count(2)
    before = strangers.all_inner_texts()

    page.locator("#thing").select_option(value="Pod/default/web/0")
    page.locator("#both").get_by_role("button", name="Delete in both", exact=True).click()
    expect(page.locator("#said")).to_contain_text('pod "web-0" deleted')
    expect(page.locator("#said")).to_contain_text(f"kubectl delete pod {before[0][:-6]}")
    page.locator("#a-settle").click()

    expect(page.locator("#a-seat-default-web-0.ready.reseated")).to_be_visible()
    expect(page.locator("#a-settle")).to_be_enabled()
    expect(page.locator("#survived")).to_contain_text(
        "web-0: name, DNS name, claim, volume and bytes survived"
    )
    expect(page.locator("#survived")).to_contain_text("1 new, under other names")
    expect(strangers).to_have_count(2)
    assert page.locator("#a-rows-Pod button").all_inner_texts() == ["web-0", "web-1"]
    assert len(set(strangers.all_inner_texts()) - set(before)) == 1
    clocks = page.locator(".head span[id]").all_inner_texts()
    assert clocks[0].split(" · ")[1] == clocks[1].split(" · ")[1]

    page.locator("#b-picture > g[tabindex]").filter(has_text="web-").nth(1).click()
    expect(page.locator("#b-panel")).to_contain_text("Pod web-")
    expect(page.locator("#a-panel > *")).to_have_count(0)
    page.locator("#a-seat-default-web-0").click()  # it has been drawn anew since
    expect(page.locator("#a-panel")).to_contain_text("Who sat here before")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_on_a_narrow_screen_one_stands_above_the_other(page: Page) -> None:
    page.locator("#clusters > summary").click()
    page.get_by_role("button", name="OrderedReady and Parallel").click()
    expect(page.locator("#b-seat-default-web-2")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})

    first, second = (page.locator(f"#half-{half}").bounding_box() for half in "ab")
    assert first["x"] == second["x"]
    assert second["y"] >= first["y"] + first["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
