"""A page that is still loading keeps what is pressed."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Server


def test_what_is_pressed_before_htmx_is_there_is_done_after(page: Page, server: Server) -> None:
    held: list[Route] = []
    page.route("**/panzoom.js*", lambda route: held.append(route))  # deferred scripts come before htmx begins
    page.goto(f"{server.url}c/lab/", wait_until="commit")
    page.get_by_role("button", name="Apply").click()
    held[0].continue_()
    expect(page.locator("#outcome")).to_contain_text("web created")
