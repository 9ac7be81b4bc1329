"""The headline in a real Chromium: YAML in, a living picture out, web-0 dies and comes back as itself."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
SEAT, CLAIM = "#seat-default-web-0", "#claim-default-www-web-0"
STEPS = 60  # decisions between the deletion and the empty seat, at most
LONG = 60_000  # milliseconds: simulated minutes at a quick pace, on a slow machine


def quick(page: Page) -> None:
    """Let simulated time run a hundred times as fast."""
    slider = page.locator(".pace input[type=range]")
    slider.evaluate(
        "slider => { slider.value = 2; slider.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    expect(page.locator("#controls output")).to_have_text("100×")


def uid(page: Page) -> str:
    """Return the uid of web-0 as the panel's YAML shows it."""
    page.locator(SEAT).click()
    yaml = page.locator("#panel-yaml pre")
    expect(yaml).to_contain_text("uid:", timeout=LONG)
    found = re.search(r"^  uid: (\S+)$", yaml.text_content() or "", re.MULTILINE)
    assert found
    return found[1]


def test_web_0_dies_and_comes_back_as_itself_for_every_viewer(
    page: Page, second_page: Page, server: Server
) -> None:
    # upload the chapter's StatefulSet, which stands in the form already
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome")).to_contain_text("statefulset.apps/web created")
    quick(page)
    for viewer in (page, second_page):
        expect(viewer.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)
        expect(viewer.locator("#seat-default-web-1.ready")).to_be_visible(timeout=LONG)

    # write a file
    first = uid(page)
    place = page.locator(SEAT).bounding_box()
    page.locator("#write-content").fill("kept by the volume")
    page.get_by_role("button", name="Write").click()
    expect(page.locator("#said")).to_contain_text("kubectl exec web-0 -- sh -c")
    expect(page.locator("#panel .files")).to_contain_text("index.html", timeout=LONG)
    sha = re.search(r"sha (\w+)", page.locator("#panel .files").inner_text())
    assert sha
    volume = page.locator("#panel .engraved dt:has-text('volume') + dd").inner_text()

    # delete web-0, and go decision by decision until its seat is empty
    page.locator("#controls").get_by_role("button", name="Pause").click()
    expect(page.locator("#controls output")).to_have_text("paused")
    page.locator("#panel").get_by_role("button", name="Delete", exact=True).click()
    page.locator("#menu").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#said")).to_contain_text("kubectl delete pod web-0")
    for viewer in (page, second_page):
        expect(viewer.locator(f"{SEAT}.terminating")).to_be_visible()
    for _ in range(STEPS):
        if page.locator(f"{SEAT}.empty").count():
            break
        moment = page.locator("#moment").inner_text()
        page.get_by_role("button", name="step").click()
        expect(page.locator("#moment")).not_to_have_text(moment)

    # in the middle of it the server is killed, and started again
    for viewer in (page, second_page):
        expect(viewer.locator(f"{SEAT}.empty")).to_be_visible()
        expect(viewer.locator(f"{CLAIM}.ready")).to_be_visible()
    server.kill()
    expect(page.locator("#link")).to_contain_text("no connection", timeout=LONG)
    server.start()
    for viewer in (page, second_page):
        expect(viewer.locator("#link")).to_have_text("", timeout=LONG)
        expect(viewer.locator(f"{SEAT}.empty")).to_be_visible()
    quick(page)
    for viewer in (page, second_page):
        expect(viewer.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)

    # the same seat, claim, volume and bytes; another uid
    assert uid(page) != first
    assert page.locator(SEAT).bounding_box() == place
    assert page.locator("#panel .engraved dt:has-text('volume') + dd").inner_text() == volume
    expect(page.locator("#panel .files")).to_contain_text(f"sha {sha[1]}")
    page.get_by_role("button", name="Read index.html").click()
    expect(page.locator("#said")).to_contain_text("kept by the volume")


def test_a_refused_upload_says_line_field_and_rule_and_keeps_the_text(page: Page) -> None:
    text = page.locator("#text")
    manifest = text.input_value().replace("replicas: 2", "replicas: -1")
    text.fill(manifest)
    page.get_by_role("button", name="Apply").click()
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("refused")
    expect(outcome).to_contain_text("spec.replicas")
    expect(outcome).to_contain_text("must be greater than or equal to 0")
    line = manifest[: manifest.index("replicas: -1")].count("\n") + 1
    expect(page.locator("#gutter mark")).to_have_text(str(line))
    assert text.input_value() == manifest
    expect(page.locator("#seat-default-web-0")).to_have_count(0)


def test_hostile_names_run_no_script(page: Page, server: Server) -> None:
    evil = '"><svg onload=window.evil=1></script><script>window.evil=1</script>'
    manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "hostile", "annotations": {"note": evil}},
        "spec": {
            "storageClassName": evil,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    page.locator("#text").fill(json.dumps(manifest) + "\n---\nkind: " + json.dumps(evil))
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome")).to_contain_text("refused")
    page.goto(server.url)
    page.wait_for_selector("#picture")
    assert page.evaluate("window.evil") is None


@pytest.mark.parametrize("width", [390, 768, 1280, 3840])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_walks_the_picture_and_asks_why(page: Page) -> None:
    page.get_by_role("button", name="Apply").click()
    quick(page)
    expect(page.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)
    page.locator("#room").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2").first).to_contain_text("www-web-0")


def test_a_page_carries_the_strict_policy(page: Page, server: Server) -> None:
    with urllib.request.urlopen(server.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
