"""The colours of the picture on paper, which is light: one table for Graphviz' files and for SVG.

``picture.css`` says the same for the page, in light and dark; a test compares them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

INK: dict[str, str] = {
    "ready": "#00785a",
    "pending-expected": "#1f6fa8",
    "pending-blocked": "#9a6200",
    "terminating": "#a04878",
    "failed": "#b04400",
    "lost": "#b04400",
    "released": "#004f87",
    "empty": "#6d737b",
}
PAPER, CARD, TEXT, QUIET, LINE = "#fbfaf6", "#ffffff", "#1d232b", "#66707c", "#d0ccc1"
HATCH = "30"  # hexadecimal: how strong the hatching is

_CALM = frozenset({"machine", "service", "class", "range"})  # hubs: their outline is coloured only by trouble


class Look(NamedTuple):
    """How a mark looks: the colour and weight (points) of its outline, what fills it, the colour of words."""

    line: str = ""
    weight: float = 0.0
    fill: str = ""
    words: str = ""


def state_of(cls: str) -> str:
    """Return the state that the classes of an element name, or ""."""
    return next((word for word in cls.split() if word in INK), "")


@lru_cache(maxsize=1024)
def look(cls: str, mark: str) -> Look:
    """Return the look of a mark of class *mark* in an element of class *cls*."""
    kind, state = cls.partition(" ")[0], state_of(cls)
    ink = LINE if state == "ready" and kind in _CALM else INK.get(state, LINE)
    words = mark.split()
    first = words[0]
    if first in ("word", "glyph"):
        ink = INK.get(state, TEXT)
    if first == "box":
        weight = 2.4 if state in ("failed", "lost") else 1.4
        return Look(ink, 0.8 if "behind" in words else weight, PAPER if state == "empty" else CARD)
    if first == "badge":
        return Look(LINE, 1, PAPER)
    if first in ("link", "rule"):
        faint = first == "rule" or cls.startswith(("edge owns", "edge provisions"))
        return Look(LINE if faint else ink, 1.2 if faint else 1.6)
    if first in ("glyph", "strike", "hatch"):
        colour = {"glyph": ink, "strike": QUIET, "hatch": ink + HATCH}[first]
        return Look(colour, 1.7 if first == "glyph" else 1)
    if first == "word":
        return Look(words=ink)
    quiet = first in ("quiet", "heading") or "struck" in words or "quiet-ink" in words
    return Look(words=QUIET if quiet else TEXT)
