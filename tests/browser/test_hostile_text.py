"""Text that wants to be a script, wherever a viewer can put text: it is shown as text, and nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_chapter import LONG, quick

pytestmark = pytest.mark.browser
SCRIPT = "</script></textarea></title><script>alert(1)</script>"
SVG = "\"'><svg onload=alert(1)><img src=x onerror=alert(1)>]]>-->"
LONG_NAME = "n" * 300
HOSTILE = SCRIPT + SVG
SEAT = "#seat-default-web-0"

WATCH = """
window.broken = []
document.addEventListener('securitypolicyviolation', event => window.broken.push(event.violatedDirective))
"""


def manifest() -> str:
    """Return a set whose every free text is hostile; JSON is YAML too."""
    word = json.dumps(HOSTILE)
    return f"""
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: web, annotations: {{note: {word}, long: "{LONG_NAME}"}}}}
spec:
  serviceName: nginx
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web, long: "{"l" * 63}"}}, annotations: {{note: {word}}}}}
    spec:
      containers:
      - name: web
        image: nginx
        command: [{word}]
        args: ["{LONG_NAME}"]
        env: [{{name: NOTE, value: {word}}}]
        terminationMessagePath: {word}
        volumeMounts: [{{name: www, mountPath: "/<svg onload=alert(1)>"}}]
  volumeClaimTemplates:
  - metadata: {{name: www, annotations: {{note: {word}}}}}
    spec:
      storageClassName: standard
      accessModes: [ReadWriteOnce]
      resources: {{requests: {{storage: 1Gi}}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: standard, annotations: {{note: {word}}}}}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: Pod
metadata: {{name: lonely, annotations: {{note: {word}}}}}
spec: {{containers: [{{name: c, image: "</script><svg/onload=alert(1)>"}}]}}
---
apiVersion: {word}
kind: {word}
metadata: {{name: {word}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {word}, namespace: {word}, labels: {{{word}: {word}}}}}
spec: {{ports: [{{port: 80, name: {word}}}], {word}: {word}}}
---
apiVersion: v1
kind: Service
metadata: {{name: "{LONG_NAME}"}}
spec: {{ports: [{{port: 80}}]}}
"""


@pytest.fixture
def hostile(browser: Browser, server: Server) -> Iterator[Page]:
    """A page that notes what ran: dialogs, errors, and what the policy had to stop."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    ran: list[str] = []

    def noted(dialog: Dialog) -> None:
        ran.append(f"{dialog.type} {dialog.message}")
        dialog.dismiss()

    page.on("dialog", noted)
    page.on("pageerror", lambda error: ran.append(str(error)))
    page.goto(server.url)
    yield page
    assert page.evaluate("window.broken") == []
    context.close()
    assert ran == []


def test_text_that_wants_to_be_a_script_is_shown_as_text(hostile: Page) -> None:
    """Form, refusals, picture, panel, tables, timeline; a file's name and bytes; a cluster's name."""
    page = hostile
    page.locator("#text").fill(manifest())
    page.get_by_role("button", name="Apply").click()
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("statefulset.apps/web created")
    expect(outcome).to_contain_text(f'no matches for kind "{HOSTILE}"')
    expect(outcome).to_contain_text("must be no more than 63 characters")
    expect(page.locator("#outcome li.refused")).to_have_count(3)
    quick(page)
    expect(page.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)

    # the file: a hostile name and hostile bytes, written, listed, read
    page.locator(SEAT).click()
    expect(page.locator("#panel-yaml pre")).to_contain_text("<svg onload=alert(1)>", timeout=LONG)
    page.locator("#write-path").fill('/<svg onload=alert(1)>/<svg onload="alert(1)">.html')
    page.locator("#write-content").fill(HOSTILE)
    page.get_by_role("button", name="Write").click()
    expect(page.locator("#said")).to_contain_text("written by web-0")
    read = page.locator("#panel .files button")
    expect(read).to_contain_text('Read <svg onload="alert(1)">.html', timeout=LONG)
    read.click()
    expect(page.locator("#said p")).to_have_text(HOSTILE)

    # the other things, one after the other
    for what in ("claim-default-www-web-0", "Pod/default/lonely", "StatefulSet/default/web", HOSTILE):
        answer = page.request.get(f"{page.url}object", params={"what": what})
        page.locator("#panel").evaluate("(panel, html) => { panel.outerHTML = html }", answer.text())
        expect(page.locator("#panel h2").first).to_be_visible()

    # a cluster of that name
    page.locator("#clusters summary").click()
    for name in ('"><svg onload=alert(1)>', "</script><script>alert(1)</script>"):
        page.locator("#new-cluster").fill(name)
        page.get_by_role("button", name="Make").click()
        expect(page.locator("#said")).to_contain_text(f'"{name}" is no cluster name')

    page.reload()
    expect(page.locator(f"{SEAT}.ready")).to_be_visible(timeout=LONG)
    assert page.locator("svg[onload], img, #picture script, #panel script").count() == 0
