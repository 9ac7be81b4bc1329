"""The picture as an SVG file: real text that fits, colours at each mark, nothing to load or run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from core.diagram import paper, render
from core.diagram.ink import INK
from core.diagram.marks import FONTS, Text
from core.diagram.text import width
from tests.core.diagram.cast import web
from tests.core.diagram.test_layout import framed
from tests.core.diagram.test_render import HOSTILE, SVG, hostile_world


def drawn(frame: object = None) -> ET.Element:
    return ET.fromstring(render.document(frame or framed(web(2)), "svg", "lab"))  # type: ignore[arg-type]


def test_words_are_text_and_say_which_fonts_and_how_long() -> None:
    root = drawn()
    texts = {text.text: text.attrib for text in root.iter(f"{SVG}text")}
    assert {"web-0", "www-web-0", "Bound", "1Gi RWO"} <= texts.keys()
    assert "monospace" in texts["web-0"]["font-family"]
    assert "sans-serif" in texts["Bound"]["font-family"]
    assert float(texts["web-0"]["textLength"]) == pytest.approx(5 * 13 * 0.603, abs=0.1)


def test_the_file_has_a_title_and_no_style_sheet_script_or_address() -> None:
    data = render.document(framed(web(2)), "svg", "lab <&>").decode()
    root = ET.fromstring(data)
    assert root[0].text == "lab <&>"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse")
    }
    assert "href" not in data
    assert "url(" not in data
    assert not re.search(r"http(?!://www\.w3\.org/2000/svg\")", data)


def test_every_mark_has_its_colour() -> None:
    for element in drawn().iter():
        if element.tag.removeprefix(SVG) in ("path", "polygon", "polyline", "ellipse"):
            assert element.get("stroke") or element.get("fill", "").startswith("#"), element.attrib
        assert "class" not in element.attrib or element.tag == f"{SVG}g"


@pytest.mark.parametrize("state", sorted(INK))
def test_a_state_is_drawn_in_its_ink(state: str) -> None:
    frame = framed(web(1))
    seat = frame.by_id["seat-default-web-0"]._replace(cls=f"seat {state}")
    root = drawn(replace(frame, elements=(seat,)))
    box = next(
        e for e in root.iter(f"{SVG}path") if e.get("fill", "") in ("#ffffff", "#fbfaf6") and e.get("stroke")
    )
    assert box.get("stroke") == INK[state]
    assert box.get("stroke-dasharray", "") == paper.DASHES.get(state, "")


@pytest.mark.parametrize("name", sorted(FONTS))
@pytest.mark.parametrize(
    "words",
    [
        "web-0",
        "Unschedulable",
        "pvc-529af8…3393c",
        "2 of 2 answer",
        "→ 10.244.1.3",
        "waits for web-0 to be Ready…",
    ],
)
def test_no_text_is_longer_than_the_room_that_was_measured_for_it(name: str, words: str) -> None:
    font = FONTS[name]
    found = re.search(r'textLength="([\d.]+)"', paper._written("seat ready", name, words))
    assert found is not None
    assert float(found[1]) <= width(words, font.size, font.mono) + 0.1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    frame = framed(hostile_world(text))
    texts = {e.text for e in drawn(frame).iter(f"{SVG}text")}
    assert texts >= {
        mark.text.strip()
        for e in frame.elements
        for mark in e.marks
        if isinstance(mark, Text) and mark.text.isascii() and "  " not in mark.text
    } - {""}


def test_what_is_crossed_out_in_the_page_is_crossed_out_in_the_file() -> None:
    painted = paper.painted(
        '<g id="a" class="seat ready"><text class="small struck" x="1" y="2">old</text>'
        '<path class="strike" fill="none" d="M1,1L2,2"/></g>'
    )
    assert 'text-decoration="line-through"' in painted
    assert "<path" not in painted
