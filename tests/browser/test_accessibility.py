"""For everyone, in a real Chromium: axe finds nothing, keys reach all, nothing hangs on colour."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core.diagram.marks import GLYPHS
from tests.browser.conftest import Server
from tests.browser.test_chapter import quick
from tests.browser.test_layout import bring_up_the_chapter
from tests.browser.test_scenarios import LONG

pytestmark = pytest.mark.browser
SEAT = "#seat-default-web-0"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"a desk": 1280, "a desk at 200 %": 640, "a phone": 390, "a desk at 400 %": 320}


def violations(page: Page) -> list[str]:
    """Return what axe has against the page as it stands, element by element."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def dark(page: Page) -> None:
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def up(page: Page) -> None:
    """Bring up the chapter's set, and stand still."""
    quick(page)
    bring_up_the_chapter(page)
    expect(page.locator("#seat-default-web-1.ready")).to_be_visible(timeout=LONG)


# -- axe -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_live_page_its_panel_and_its_menu(page: Page, width: int) -> None:
    up(page)
    page.set_viewport_size({"width": width, "height": 800})
    assert violations(page) == []
    page.locator(SEAT).click()
    expect(page.locator("#panel")).to_contain_text("web-0")
    page.locator(SEAT).focus()
    page.keyboard.press("m")
    expect(page.locator("#menu [role=menuitem]").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_live_page_in_the_dark_with_its_menus_open(page: Page) -> None:
    up(page)
    page.locator(SEAT).click()
    dark(page)
    for menu in page.locator("header details").all():
        menu.locator("summary").click()
        expect(menu).not_to_contain_text("Loading")  # some are fetched when they open
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")


def test_the_other_views_the_past_and_the_pages_of_their_own(page: Page, server: Server) -> None:
    up(page)
    for view in ("Lanes", "Compare"):
        page.get_by_role("button", name=view, exact=True).click()
        expect(page.locator("#view h2").first).to_be_visible()
        assert violations(page) == []
    page.get_by_role("button", name="Picture", exact=True).click()
    page.locator("#room").focus()
    page.keyboard.press("[")
    expect(page.locator("#past[data-at]")).to_be_visible()
    assert violations(page) == []
    for address in ("c/lab/lanes", "c/lab/compare", "c/lab/tables", "login"):
        page.goto(server.url + address)
        assert violations(page) == [], address


def test_a_refusal(page: Page, server: Server, browser: Browser) -> None:
    lost = browser.new_page()  # that the console calls a 404 an error is no fault of the page
    lost.goto(server.url + "nowhere")
    expect(lost.locator("body")).to_contain_text("There is nothing at this address")
    assert violations(lost) == []
    lost.close()


def test_a_scenario_with_its_question_open_and_presented(page: Page, server: Server) -> None:
    page.goto(server.url + "scenarios/09-nameless-pods")
    expect(page.locator("#story .answers")).to_be_visible(timeout=LONG)
    assert violations(page) == []
    dark(page)
    assert violations(page) == []
    page.locator("#present").click()
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_words_has_contrast_enough_where_it_may_stand(page: Page, theme: str) -> None:
    """Axe cannot tell what lies behind a text of the picture, so all pairs are looked at."""
    ratios = page.evaluate(
        """theme => {
          document.documentElement.dataset.theme = theme
          const probe = document.body.appendChild(document.createElement('i'))
          const light = name => {
            probe.style.color = `var(--${name})`
            const rgb = getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
            const [r, g, b] = rgb.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            return 0.2126 * r + 0.7152 * g + 0.0722 * b
          }
          const words = [
            'ink', 'quiet', 'ready', 'pending-expected', 'pending-blocked', 'terminating', 'failed',
                         'lost', 'released', 'empty']
          return words.flatMap(word => ['paper', 'card'].map(ground => {
            const [a, b] = [light(word), light(ground)].sort((x, y) => y - x)
            return [word, ground, (a + 0.05) / (b + 0.05)]
          }))
        }""",
        theme,
    )
    assert len(ratios) == 20
    assert [pair for pair in ratios if pair[2] < 4.5] == []


# -- keyboard ------------------------------------------------------------------------------------------

STOPS = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden')
  .filter(e => e.checkVisibility({visibilityProperty: true}))
  .filter(e => e.type !== 'radio' || e.checked)"""


def test_tab_reaches_everything_shows_where_it_is_and_comes_out_again(page: Page) -> None:
    up(page)
    page.locator("#play").click()  # nothing comes or goes meanwhile
    page.locator(SEAT).click()
    expect(page.locator("#panel-yaml")).to_be_visible()
    stops = page.evaluate(f"() => {{ window.stops = ({STOPS})(); return window.stops.length }}")
    assert stops > 40
    assert page.evaluate("window.stops.every(stop => stop.tabIndex === 0)")  # the order is that of the page
    page.evaluate("document.activeElement.blur(); window.seen = new Set(); window.dim = []")
    for _ in range(stops + 3):
        page.keyboard.press("Tab")
        page.evaluate(
            """() => {
              const here = document.activeElement, style = getComputedStyle(here)
              window.seen.add(here)
              const around = here.closest('.editor, .button, .tabs label, .entry') ?? here
              const shown = [style, getComputedStyle(around)].some(s => (s.outlineStyle !== 'none'
                && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none')
              if (here !== document.body && !shown) window.dim.push(here.outerHTML.slice(0, 120))
            }"""
        )
    missed = page.evaluate(
        "window.stops.filter(s => s.isConnected && !window.seen.has(s)).map(s => s.outerHTML.slice(0, 150))"
    )
    assert missed == []
    assert page.evaluate("window.dim") == []


def test_arrows_walk_the_chain_and_the_ordinals_and_enter_asks_why(page: Page) -> None:
    up(page)
    page.locator("#room").focus()
    walked = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
        walked.append(page.evaluate("document.activeElement.id.split('-').slice(0, 1) + '' "))
    assert walked[:5] == ["seat", "claim", "volume", "claim", "seat"]
    page.keyboard.press("ArrowDown")
    expect(page.locator("#seat-default-web-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_contain_text("web-1")


def test_keys_of_one_letter_can_be_turned_off(page: Page) -> None:
    page.locator("#keys summary").click()
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys summary")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("header")).to_be_visible()
    page.reload()
    page.locator("#room").focus()
    page.keyboard.press("p")
    expect(page.locator("header")).to_be_visible()
    page.locator("#keys summary").click()
    page.locator("#single-keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator("header")).to_be_hidden()


# -- what is heard -------------------------------------------------------------------------------------


def test_what_happens_is_spoken_once_a_second_at_most_with_how_much_came_before(page: Page) -> None:
    page.evaluate(
        """() => {
          window.heard = []
          const spoken = document.getElementById('spoken')
          new MutationObserver(() => window.heard.push([performance.now(), spoken.textContent]))
            .observe(spoken, {childList: true})
        }"""
    )
    bring_up_the_chapter(page)
    expect(page.locator("#spoken")).to_contain_text("more before it.", timeout=LONG)
    page.wait_for_function("() => window.heard.length > 1", timeout=LONG)
    heard = page.evaluate("window.heard")
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(heard)]
    assert min(gaps) > 900
    assert all(text.count(": ") >= 1 and text.endswith(".") for _, text in heard)
    expect(page.locator("#spoken")).to_have_attribute("role", "status")


def test_the_tables_are_tables_to_a_screen_reader_on_a_page_of_their_own(page: Page) -> None:
    up(page)
    page.get_by_role("link", name="as tables").click()
    pods = page.get_by_role("table", name="pods")
    row = pods.get_by_role("row").filter(has=page.get_by_role("rowheader", name="web-0", exact=True))
    expect(row.get_by_role("cell").filter(has_text="Running")).to_have_count(1)
    expect(pods.get_by_role("columnheader", name="Status", exact=True)).to_have_count(1)


# -- what is seen --------------------------------------------------------------------------------------

DRAWN = """states => states.map(state => {
  const svg = document.getElementById('picture')
  svg.insertAdjacentHTML('beforeend', `<g class="seat ${state}"><path class="box"/></g>`)
  const box = getComputedStyle(svg.lastElementChild.firstElementChild)
  const found = [box.strokeDasharray, box.strokeWidth, box.strokeLinecap].join(' ')
  svg.lastElementChild.remove()
  return found
})"""


def test_no_state_is_told_by_colour_alone(page: Page) -> None:
    """Each has a glyph and an outline of its own; what goes is hatched; Failed and Lost differ in words."""
    up(page)
    states = list(GLYPHS)
    outlines = dict(zip(states, page.evaluate(DRAWN, states), strict=True))
    alike = {("failed", "lost")}
    same_glyph = {pair for pair in combinations(states, 2) if GLYPHS[pair[0]] == GLYPHS[pair[1]]}
    same_outline = {pair for pair in combinations(states, 2) if outlines[pair[0]] == outlines[pair[1]]}
    assert same_glyph == alike
    assert same_outline == alike | {("ready", "terminating")}  # of these the second is hatched
    words = page.locator("#picture g.seat text.word, #picture g.claim text.word, #picture g.volume text.word")
    assert {w.text_content() for w in words.all()} >= {"Ready", "Bound"}


def test_who_sees_no_green_still_sees_which_pod_is_on_its_way_out(page: Page) -> None:
    up(page)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": "deuteranopia"})
    page.locator("#play").click()
    page.locator(SEAT).click()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Delete", exact=False).first.click()
    page.locator("#menu form button.danger, #menu form button.main").first.click()
    leaving = page.locator(f"{SEAT}.terminating")
    expect(leaving.locator(".hatch").first).to_be_attached(timeout=LONG)
    expect(leaving.locator("text.word")).to_have_text("Terminating")
    assert page.locator("#seat-default-web-1 .hatch").count() == 0


def animation(page: Page) -> str:
    name: str = page.evaluate(
        """() => {
          const seat = document.querySelector('#seat-default-web-0')
          seat.classList.add('reseated')
          return getComputedStyle(seat.querySelector('.flips')).animationName
        }"""
    )
    return name


def test_who_asks_for_less_motion_sees_none(page: Page) -> None:
    up(page)
    assert animation(page) == "flips"
    page.emulate_media(reduced_motion="reduce")
    assert animation(page) == "none"
    assert page.evaluate("document.getAnimations().length") == 0


# -- touch ---------------------------------------------------------------------------------------------


def test_a_tap_selects_and_two_fingers_zoom(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(server.url)
    page.locator("label", has_text="Write").tap()
    up(page)
    page.locator(SEAT).tap()
    expect(page.locator("#panel")).to_contain_text("web-0")

    box = page.locator("#room").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points: list[Any] = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if kind != "touchEnd" else []}
        )

    scale = "new DOMMatrix(getComputedStyle(document.getElementById('canvas')).transform).a"
    before = page.evaluate(scale)
    touch("touchStart", 30)
    for apart in (50, 75, 100):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    assert page.evaluate(scale) > 1.5 * before
    context.close()


# -- text that runs the other way ----------------------------------------------------------------------

TURNED = """
apiVersion: v1
kind: Pod
metadata:
  name: lonely
  annotations: {team: "\u0641\u0631\u064a\u0642 \u05e6\u05d5\u05d5\u05ea", trick: "a\u202eb"}
spec: {containers: [{name: c, image: "x\u202eniar"}]}
"""


def test_names_that_run_the_other_way_do_not_turn_the_words_around_them(page: Page) -> None:
    quick(page)
    page.locator("#text").fill(TURNED)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#outcome")).to_contain_text("pod/lonely")
    page.locator("#rows-Pod").get_by_role("button", name="lonely").click()
    yaml = page.locator("#panel-yaml")
    expect(yaml).to_contain_text("\u0641\u0631\u064a\u0642 \u05e6\u05d5\u05d5\u05ea")
    shown = page.evaluate(
        "[...document.querySelectorAll('body *:not(textarea)')].map(e => e.innerText).join()"
    )
    assert "\u202e" not in shown
    bidi = "e => getComputedStyle(e).unicodeBidi"
    assert yaml.locator("pre").evaluate(bidi) == "plaintext"
    assert page.locator("#timeline b").first.evaluate(bidi) == "isolate"
