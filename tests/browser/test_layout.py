"""What only a browser can say: nothing is cut off, and what belongs together stands on one line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def bring_up_the_chapter(page: Page) -> None:
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#rows-PersistentVolume li")).to_have_count(2)


def test_a_table_wider_than_its_place_can_be_scrolled_to_its_end(page: Page) -> None:
    bring_up_the_chapter(page)
    table = page.locator("#twin-PersistentVolume")

    table.evaluate("table => { table.scrollIntoView(); table.scrollLeft = table.scrollWidth }")

    assert table.evaluate("table => table.scrollWidth > table.clientWidth && table.scrollLeft > 0")


def test_a_row_of_a_table_selects_what_it_names(page: Page) -> None:
    bring_up_the_chapter(page)

    page.locator("#rows-Pod").get_by_role("button", name="web-0", exact=True).click()

    expect(page.locator("#panel")).to_contain_text("Pod web-0")


def test_what_is_selected_is_not_hidden_by_its_panel(page: Page) -> None:
    bring_up_the_chapter(page)
    storage_class, panel = page.locator("#class-standard"), page.locator("#side")

    storage_class.click()
    expect(page.locator("#panel")).to_contain_text("StorageClass standard")

    page.wait_for_function(
        "([thing, panel]) => thing.getBoundingClientRect().right < panel.getBoundingClientRect().left",
        arg=[storage_class.element_handle(), panel.element_handle()],
        timeout=5_000,
    )


def test_line_numbers_stand_beside_their_lines_also_after_a_marked_one(page: Page) -> None:
    page.fill("#text", "apiVersion: v1\nkind: Service\nspec: 3\nmetadata: {name: a}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#gutter mark")).to_have_text("3")

    tops = page.locator("#gutter > *").evaluate_all("lines => lines.map(l => l.getBoundingClientRect().top)")

    lines = page.locator("#text").evaluate("text => parseFloat(getComputedStyle(text).lineHeight)")
    assert [top - tops[0] for top in tops] == [pytest.approx(at * lines, abs=1.5) for at in range(4)]


def test_the_open_panel_leaves_the_demo_its_button(page: Page) -> None:
    bring_up_the_chapter(page)
    page.get_by_role("button", name="Demo").click()
    page.locator("#seat-default-web-0").click()
    expect(page.locator("#panel")).to_contain_text("web-0")

    page.get_by_role("button", name="Stop the demo").click(timeout=5_000)

    expect(page.get_by_role("button", name="Demo", exact=True)).to_be_visible()
