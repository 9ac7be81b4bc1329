"""Why, the identity card and the menu of a thing, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
SEAT, CLAIM = "#seat-default-web-0", "#claim-default-www-web-0"
LONG = 60_000  # milliseconds: simulated minutes at a quick pace, on a slow machine
NO_FIT = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-small}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, hostPath: {path: /tmp/a}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-fast}
spec:
  storageClassName: fast
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  hostPath: {path: /tmp/b}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: lonely}
spec: {storageClassName: "", accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
"""
LOCAL = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local-path}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
"""
CONSUMER = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: local-path, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  containers: [{name: nginx, image: nginx, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


def quick(page: Page) -> None:
    """Let simulated time run a hundred times as fast."""
    slider = page.locator(".pace input[type=range]")
    slider.evaluate(
        "slider => { slider.value = 2; slider.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    expect(page.locator("#controls output")).to_have_text("100×")


def applied(page: Page, text: str = "") -> None:
    if text:
        page.locator("#text").fill(text)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome li").first).to_be_visible()


def running(page: Page) -> None:
    applied(page)
    quick(page)
    expect(page.locator("#seat-default-web-1.ready")).to_be_visible(timeout=LONG)


def item(page: Page, name: str) -> Locator:
    return page.locator("#menu").get_by_role("menuitem", name=name, exact=True)


def chosen(page: Page, element: str, name: str) -> None:
    """Choose an entry of an element's menu."""
    page.locator(element).click(button="right")
    item(page, name).click()


def select(page: Page, what: str) -> None:
    page.evaluate("what => stsviz.select(what, false)", what)
    expect(page.locator("#panel")).to_have_attribute("data-element", what)


def test_a_right_click_deletes_a_claim_after_saying_what_goes_with_it(page: Page) -> None:
    running(page)
    page.locator(SEAT).click()
    page.locator("#write-content").fill("kept by nobody")
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.locator("#panel .files")).to_contain_text("index.html")
    volume = page.locator("#panel .engraved dt:has-text('volume') + dd").inner_text()

    chosen(page, CLAIM, "Delete")
    menu = page.locator("#menu")
    expect(menu).to_contain_text("stays Terminating until web-0 is gone")
    expect(menu).to_contain_text(f"PersistentVolume {volume}: then policy Delete")
    expect(menu).to_contain_text("1 file and 14 bytes are gone for good")
    expect(menu).to_contain_text("kubectl delete pvc www-web-0")
    expect(page.locator(f"{CLAIM}.ready")).to_be_visible()  # nothing has been done yet
    menu.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(f"{CLAIM}.terminating")).to_be_visible()
    expect(menu).to_be_hidden()

    page.locator(CLAIM).click()
    why = page.locator("#panel-why")
    expect(why).to_contain_text("is kept while Pod web-0 is still there")
    expect(why).to_contain_text("kubernetes.io/pvc-protection: Pod web-0 holds the key")
    expect(why.locator(".remedy code").first).to_have_text("kubectl delete pod web-0")
    expect(page.locator("#panel-yaml mark").last).to_contain_text("kubernetes.io/pvc-protection")


def test_the_keyboard_opens_the_menu_walks_it_and_crashes_a_container(page: Page) -> None:
    running(page)
    page.locator(SEAT).click()
    restarts = page.locator("#panel .flips dt:has-text('restarts') + dd")
    expect(restarts).to_have_text("0")
    page.keyboard.press("m")
    expect(item(page, "Delete")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(item(page, "Crash its container")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(page.locator(SEAT)).to_be_focused()
    page.keyboard.press("m")
    expect(item(page, "Delete")).to_be_focused()
    page.keyboard.press("ArrowUp")  # around the end
    expect(item(page, "Run a command…")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("A fault: its program ends with exit code 1")
    expect(restarts).to_contain_text("1", timeout=LONG)
    expect(page.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)


def test_a_step_of_the_menu_asks_and_escape_goes_back(page: Page) -> None:
    running(page)
    page.locator(SEAT).focus()
    page.keyboard.press("m")
    item(page, "Run a command…").press("Enter")
    answer = page.locator("#menu-answer")
    expect(answer).to_be_focused()
    page.keyboard.press("Escape")
    expect(item(page, "Delete")).to_be_focused()
    item(page, "Run a command…").press("Enter")
    answer.fill("echo $((6*7)) > /tmp/x; cat /tmp/x")
    expect(page.locator("#menu-losses")).to_contain_text("cat /tmp/x")
    answer.press("Enter")
    expect(page.locator("#said p")).to_have_text("42")


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[tuple[Page, CDPSession]]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.url)
    yield page, context.new_cdp_session(page)
    context.close()


def test_a_long_press_opens_a_sheet_at_the_bottom(phone: tuple[Page, CDPSession]) -> None:
    page, session = phone
    page.locator("label:has([value=write])").click()
    running(page)
    box = page.locator(SEAT).bounding_box()
    assert box
    point = {"x": box["x"] + 30, "y": box["y"] + 30}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(item(page, "Crash its container")).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(item(page, "Crash its container")).to_be_visible()
    sheet = page.locator("#menu").bounding_box()
    assert sheet
    assert sheet["width"] == 390
    assert abs(sheet["y"] + sheet["height"] - 844) <= 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_node_without_power_keeps_its_pod_terminating_until_it_is_forced(page: Page) -> None:
    running(page)
    page.locator(SEAT).click()
    name = page.locator("#panel .flips dt:has-text('node') + dd").inner_text()
    chosen(page, f"#machine-{name}", "Cut its power")
    expect(page.locator("#said")).to_contain_text("A fault")
    expect(page.locator(f"{SEAT}.terminating")).to_be_visible(timeout=LONG)
    why = page.locator("#panel-why")
    expect(why).to_contain_text("cannot be stopped: its node")
    expect(why.locator(".remedy code")).to_have_text("kubectl delete pod web-0 --grace-period=0 --force")
    expect(why).to_contain_text(f"a fault: switch {name} on in its menu")
    first = page.locator("#panel .flips dt:has-text('uid') + dd").inner_text().rstrip("…")

    chosen(page, SEAT, "Delete without waiting")
    page.locator("#menu").get_by_role("button", name="Delete without waiting").click()
    holder = page.locator("#panel-holders li").first
    expect(holder).to_contain_text(first, timeout=LONG)
    expect(holder).to_contain_text(name)
    expect(holder).to_contain_text("taint-eviction-controller")
    expect(holder).to_contain_text("forced by you")


def test_a_stopped_provisioner_leaves_a_claim_blocked_until_it_is_started(page: Page) -> None:
    applied(page, LOCAL + "---" + CONSUMER.partition("---")[0])
    expect(page.locator("#claim-default-data.pending-expected")).to_be_visible()
    page.locator("#claim-default-data").click()
    expect(page.locator("#panel-why .mood")).to_have_text("expected: somebody is about to act")
    page.locator("#close").click()  # it lies over the classes
    chosen(page, "#class-local-path", "Stop its provisioner")
    applied(page, CONSUMER)
    quick(page)
    page.locator("#claim-default-data.pending-blocked").click(timeout=LONG)
    why = page.locator("#panel-why")
    expect(why).to_contain_text("waits for provisioner rancher.io/local-path, which is stopped")
    expect(why.locator(".event")).to_contain_text("ExternalProvisioning")
    expect(why.locator(".mood")).to_have_text("blocked: nobody acts until you do")
    page.locator("#close").click()
    chosen(page, "#class-local-path", "Start its provisioner again")
    expect(page.locator("#claim-default-data.ready")).to_be_visible(timeout=LONG)


def test_a_claim_that_fits_no_volume_shows_every_volume_and_the_test_it_failed(page: Page) -> None:
    applied(page, NO_FIT)
    page.locator("#claim-default-lonely.pending-blocked").click()
    rows = page.locator("#panel-candidates tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="pv-small")).to_contain_text("size")
    expect(rows.filter(has_text="pv-small")).to_contain_text("is too small: 1Gi of 5Gi asked")
    expect(rows.filter(has_text="pv-fast")).to_contain_text("class")
    why = page.locator("#panel-why")
    expect(why.locator(".event")).to_contain_text(
        "no persistent volumes available for this claim and no storage class is set"
    )
    expect(page.locator("#panel-yaml mark").first).to_contain_text("storageClassName: ''")
    line = why.locator(".remedy code")
    expect(line).to_have_text("""kubectl patch pv pv-fast -p '{"spec": {"storageClassName": ""}}'""")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    why.locator(".remedy").get_by_role("button").click()
    expect(why.locator(".remedy .copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == line.inner_text()


def test_scaling_down_says_which_claims_go_before_it_is_done(page: Page) -> None:
    running(page)
    chosen(page, "#workload-statefulset-default-web", "Change the retention policy…")
    page.locator("#menu-answer").select_option("Retain/Delete")
    expect(page.locator("#menu-losses")).to_contain_text(re.compile('"whenScaled": "Delete"'))
    page.locator("#menu").get_by_role("button", name="Change the retention policy").click()
    expect(page.locator("#said")).to_contain_text("patched")
    chosen(page, "#workload-statefulset-default-web", "Scale…")
    page.locator("#menu-answer").fill("1")
    losses = page.locator("#menu-losses .goes")
    expect(losses.filter(has_text="PersistentVolumeClaim www-web-1")).to_be_visible()
    expect(losses.filter(has_text="policy Delete: the volume is deleted")).to_be_visible()
    expect(page.locator("#menu-losses code")).to_have_text("kubectl scale statefulset web --replicas=1")
