"""The style sheet and the pencil agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.diagram import paper
from core.diagram.ink import INK
from core.diagram.marks import FONTS, GLYPHS

CSS = (Path(__file__).parents[3] / "static" / "picture.css").read_text()


@pytest.mark.parametrize("state", sorted(INK))
def test_a_state_has_the_same_light_colour_on_paper_and_in_the_page(state: str) -> None:
    found = re.search(rf"--{state}: (#\w+)", CSS)
    assert found is not None
    assert found[1] == INK[state]


@pytest.mark.parametrize("state", sorted(INK))
def test_a_state_is_told_by_more_than_its_colour(state: str) -> None:
    """UX 1.11: state = shape + word + pattern, colour last."""
    assert f".picture .{state} {{ --state" in CSS
    assert GLYPHS[state]


@pytest.mark.parametrize("state", sorted(paper.DASHES))
def test_a_state_is_dashed_in_a_file_as_in_the_page(state: str) -> None:
    assert re.search(rf"\.picture \.{state} \{{[^}}]*--dash: {paper.DASHES[state]};", CSS)


def test_both_dark_themes_are_the_same() -> None:
    system, chosen = re.findall(
        r'(?:\[data-theme="light"\]\)|\[data-theme="dark"\]) \{(.*?)\}', CSS, re.DOTALL
    )
    assert system.split() == chosen.split()


@pytest.mark.parametrize("name", sorted(FONTS))
def test_the_page_writes_in_the_sizes_that_were_measured(name: str) -> None:
    font = FONTS[name]
    if name == "quiet":
        assert "text { font: 10.5px var(--sans)" in CSS
        return
    weight = "600 " if font.bold else ""
    face = "mono" if font.mono else "sans"
    assert re.search(rf"\.{name} {{ font: {weight}{font.size:g}px var\(--{face}\)", CSS)


def test_motion_is_for_those_who_want_it() -> None:
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", CSS, flags=re.DOTALL)
    assert "animation:" not in outside
    assert "infinite" not in CSS
