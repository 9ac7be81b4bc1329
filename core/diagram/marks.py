"""What the pencil can do: a shape, a line of text, a stroke; and the glyphs, made of strokes.

A mark's class says what it is; the class of the element it belongs to says in which state. Colours,
dashes and weights follow from the two (``ink.look`` on paper, ``picture.css`` in the page).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from core.diagram.text import elided, width

Points = tuple[float, ...]
Curves = tuple[Points, ...]


class Font(NamedTuple):
    mono: bool
    size: float
    bold: bool = False


FONTS: dict[str, Font] = {
    "title": Font(True, 13, True),
    "name": Font(True, 11.5, True),
    "line": Font(True, 10.5),
    "small": Font(True, 10),
    "word": Font(False, 11, True),
    "quiet": Font(False, 10.5),
    "heading": Font(False, 11.5, True),
}


class Shape(NamedTuple):
    cls: str
    form: str
    """``card | note | cylinder | hexagon | plain``."""
    x: float
    y: float
    w: float
    h: float


class Text(NamedTuple):
    cls: str
    """Its first word names the font, the rest are further classes."""
    x: float
    """Its left edge, middle or right edge, as *anchor* says."""
    y: float
    """The middle of the line."""
    text: str
    anchor: str = "l"


class Stroke(NamedTuple):
    cls: str
    curves: Curves
    """Each: x0 y0, then three points for each cubic piece."""


Mark = Shape | Text | Stroke


def line(*points: tuple[float, float]) -> Points:
    """Return straight lines through *points* as cubic pieces."""
    out: list[float] = [*points[0]]
    for before, after in pairwise(points):
        out += (*before, *after, *after)
    return tuple(out)


def moved(curves: Curves, x: float, y: float) -> Curves:
    return tuple(tuple(value + (y if at % 2 else x) for at, value in enumerate(points)) for points in curves)


_RING = 2.2
GLYPHS: dict[str, Curves] = {
    "ready": (line((-4, 0.5), (-1, 3.5), (4.5, -3.5)),),
    "pending-expected": (line((-3, -4.5), (3, -4.5), (-3, 4.5), (3, 4.5), (-3, -4.5)),),
    "pending-blocked": (line((0, -4.5), (0, 1.5)), line((0, 4), (0, 4.5))),
    "terminating": (line((-4, 0), (0, -4)), line((-4, 4), (4, -4)), line((0, 4), (4, 0))),
    "failed": (line((-3.5, -3.5), (3.5, 3.5)), line((3.5, -3.5), (-3.5, 3.5))),
    "lost": (line((-3.5, -3.5), (3.5, 3.5)), line((3.5, -3.5), (-3.5, 3.5))),
    "released": (
        line((-4, 0), (4, 0), (4, 5), (-4, 5), (-4, 0)),
        (-2.5, 0, -2.5, -3, -2.5, -6, 0.5, -6, 2.5, -6, 3.2, -5, 3.2, -3.8),
    ),
    "empty": (
        (
            *(0, -4, _RING, -4, 4, -_RING, 4, 0, 4, _RING, _RING, 4, 0, 4),
            *(-_RING, 4, -4, _RING, -4, 0, -4, -_RING, -_RING, -4, 0, -4),
        ),
    ),
}
GLYPH_ROOM = 17.0


def glyph(state: str, x: float, y: float) -> Stroke:
    """Return the glyph of *state*, its middle at *x*, *y*."""
    return Stroke("glyph", moved(GLYPHS.get(state, ()), x, y))


def text(cls: str, x: float, y: float, words: str, room: float, anchor: str = "l") -> Text:
    """Return *words* shortened to *room* points in the font that *cls* names."""
    font = FONTS[cls.partition(" ")[0]]
    return Text(cls, x, y, elided(words, room, font.size, font.mono), anchor)


def width_of(mark: Text) -> float:
    font = FONTS[mark.cls.partition(" ")[0]]
    return width(mark.text, font.size, font.mono)


def elbow(x0: float, y0: float, bus: float, x1: float, y1: float) -> Points:
    """Return a path that leaves *x0*, *y0* level, goes along the vertical at *bus*, and arrives level."""
    if abs(y1 - y0) < 1:
        return (x0, y0, x0, y0, x1, y1, x1, y1)
    turn = min(8.0, abs(y1 - y0) / 2, abs(bus - x0), abs(x1 - bus))
    down = turn if y1 > y0 else -turn
    near, far = (turn if bus >= x0 else -turn), (turn if x1 >= bus else -turn)
    return (
        *(x0, y0, x0, y0, bus - near, y0, bus - near, y0),
        *(bus, y0, bus, y0, bus, y0 + down),
        *(bus, y0 + down, bus, y1 - down, bus, y1 - down),
        *(bus, y1, bus, y1, bus + far, y1),
        *(bus + far, y1, x1, y1, x1, y1),
    )


def hatching(x: float, y: float, w: float, h: float, gap: float = 11.0) -> Curves:
    """Return diagonals over the rectangle, as the sign of something on its way out."""
    curves: list[Points] = []
    reach = gap
    while reach < w + h:
        low = (x + max(0.0, reach - h), y + min(reach, h))
        high = (x + min(reach, w), y + max(0.0, reach - w))
        curves.append(line(low, high))
        reach += gap
    return tuple(curves)
