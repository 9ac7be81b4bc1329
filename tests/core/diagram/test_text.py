"""Measuring and shortening."""

from __future__ import annotations

import pytest

from core.diagram.text import cleaned, elided, width


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("web-0", 100, "web-0"),
        ("web-0", 30, "w…-0"),
        ("my-very-long-database-cluster-12", 100, "my-very-lo…r-12"),
        ("a" * 60 + "-1234567", 70, "a…-1234567"),
        ("index.html", 0, "…"),
    ],
)
def test_cuts_a_name_in_its_middle_and_keeps_its_ordinal(text: str, room: float, shown: str) -> None:
    assert elided(text, room, 11, mono=True) == shown


def test_cuts_a_sentence_at_its_end() -> None:
    assert elided("waits for web-0 to be Ready", 90, 10, mono=False).startswith("waits for")
    assert elided("waits for web-0 to be Ready", 90, 10, mono=False).endswith("…")


@pytest.mark.parametrize("mono", [True, False])
@pytest.mark.parametrize("text", ["x" * 300, "数据库" * 40, "W" * 80, "a b " * 100, "🙂" * 50, "-0", ""])
def test_what_is_shown_fits(text: str, mono: bool) -> None:
    for room in (20, 57.5, 190):
        assert width(elided(text, room, 10.5, mono), 10.5, mono) <= room


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("nul\0 bell\7", "nul\ufffd bell\ufffd"),
        ("right\u202eto left", "right\ufffdto left"),
        ("half \ud800 a pair", "half \ufffd a pair"),
    ],
)
def test_replaces_what_xml_cannot_carry(text: str, clean: str) -> None:
    assert cleaned(text) == clean
