"""A viewer who is there while a set grows large sees it grow."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from bench.replicas import MANIFEST
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
PATIENCE = 40_000  # milliseconds


def test_a_viewer_sees_three_hundred_become_a_thousand(page: Page, server: Server) -> None:
    """The message between the two is a page of its own: above 300 the seats fold."""
    page.fill("#text", MANIFEST.format(replicas=300))
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome")).to_contain_text("statefulset.apps/web")
    page.get_by_role("button", name="settle").click()
    expect(page.locator("#picture")).to_contain_text("300 / 300", timeout=PATIENCE)

    urllib.request.urlopen(
        urllib.request.Request(
            f"{server.url}apis/apps/v1/namespaces/default/statefulsets/web",
            json.dumps({"spec": {"replicas": 1000}}).encode(),
            {"Content-Type": "application/merge-patch+json"},
            method="PATCH",
        )
    ).close()
    page.get_by_role("button", name="settle").click()

    expect(page.locator("#picture")).to_contain_text("1000 / 1000", timeout=PATIENCE)
    expect(page.locator("#left-out")).to_contain_text("folded")
    assert page.locator("#picture [id^=seat-]").count() < 20
