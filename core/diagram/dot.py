"""From a frame to Graphviz source: every place given, nothing left to the layout engine.

Each mark is one statement: a shape or a line of text is a node of fixed size, a stroke is an edge with its
curve. The ``id`` says which element and which mark it is, the ``class`` what it is. The only place where
a user's text meets Graphviz syntax is :func:`quoted`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from core.diagram.layout import Frame, Placed, shape_of
from core.diagram.marks import FONTS, Mark, Shape, Stroke, Text, width_of
from core.diagram.text import cleaned

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

_FORMS = {
    "card": ("box", "rounded"),
    "note": ("note", ""),
    "cylinder": ("cylinder", ""),
    "hexagon": ("hexagon", ""),
    "plain": ("box", ""),
}
_DASHES = {"pending-expected": "dotted", "pending-blocked": "dashed", "empty": "dashed", "released": "dashed"}
_ALIGN = {"l": "\\l", "r": "\\r", "c": ""}
_INCH = 72.0

_HEAD = f"""digraph picture {{
graph [notranslate=true inputscale=72 outputorder=nodesfirst bgcolor="{PAPER}" pad=0 margin=0 %s]
node [fixedsize=true margin=0 label=""]
edge [arrowhead=none]
"""


def quoted(text: str) -> str:
    """Return *text* as a quoted Graphviz string that shows exactly *text*, whatever it holds."""
    safe = cleaned(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'


def source(frame: Frame) -> str:
    """Return *frame* as a Graphviz graph, in the light colours, for ``neato -n2``."""
    size = f'viewport="" size="{frame.width / _INCH:g},{frame.height / _INCH:g}"'
    corners = "".join(
        f'{name} [style=invis pos="{x:g},{-y:g}" width=0.01 height=0.01 shape=point]\n'
        for name, x, y in (("corner0", 0, 0), ("corner1", frame.width, frame.height))
    )
    return _HEAD % size + corners + body(frame.elements, frame) + "}\n"


def source_of(elements: Iterable[Placed], frame: Frame) -> str:
    """Return the graph of some *elements* of *frame*; mark ids are ``element_mark`` by their order."""
    return _HEAD % "" + body(elements, frame) + "}\n"


def body(elements: Iterable[Placed], frame: Frame) -> str:
    out: list[str] = []
    named: set[str] = set()
    ends: dict[str, None] = {}
    for at, element in enumerate(elements):
        carrier = shape_of(element)
        for index, mark in enumerate(element.marks):
            name = f'"{element.id}"' if mark is carrier else f'"{element.id}.{index}"'
            attributes = f'id="{at}_{index}" class="{mark.cls}" {paint(element.cls, mark.cls)}'
            out.append(_statement(element, mark, name, attributes))
        named.add(element.id)
        if element.tail:
            ends.setdefault(element.tail)
            ends.setdefault(element.head)
        elif carrier is None:
            ends.setdefault(element.id)
    absent = [end for end in ends if end not in named or shape_of(frame.by_id[end]) is None]
    out += [f'"{end}" [style=invis pos="0,0" width=0 height=0]\n' for end in absent]
    return "".join(out)


def _statement(element: Placed, mark: Mark, name: str, attributes: str) -> str:
    if isinstance(mark, Text):
        font = FONTS[mark.cls.partition(" ")[0]]
        w = width_of(mark) + 2
        x = mark.x + {"l": w / 2, "r": -w / 2, "c": 0}[mark.anchor]
        label = quoted(mark.text)[:-1] + _ALIGN[mark.anchor] + '"'
        return (
            f'{name} [shape=none label={label} fontname="{_face(font.mono, font.bold)}" fontsize={font.size:g}'
            f' pos="{x:.1f},{-mark.y:.1f}" width={w / _INCH:.4f} height={font.size * 1.4 / _INCH:.4f} {attributes}]\n'
        )
    if isinstance(mark, Shape):
        shape, _ = _FORMS[mark.form]
        x, y = mark.x + mark.w / 2, mark.y + mark.h / 2
        styles = _style(element.cls, mark)
        return (
            f'{name} [shape={shape} style="{styles}" pos="{x:.1f},{-y:.1f}"'
            f" width={mark.w / _INCH:.4f} height={mark.h / _INCH:.4f} {attributes}]\n"
        )
    pos = ";".join(_spline(curve) for curve in mark.curves)
    tail, head = element.tail or element.id, element.head or element.id
    dash = _DASHES.get(_state(element.cls), "solid") if mark.cls == "link" else "solid"
    return f'"{tail}" -> "{head}" [pos="{pos}" style={dash} {attributes}]\n'


def _spline(points: tuple[float, ...]) -> str:
    return " ".join(f"{x:.1f},{-y:.1f}" for x, y in zip(points[::2], points[1::2], strict=True))


def _face(mono: bool, bold: bool) -> str:
    return f"DejaVu Sans{' Mono' if mono else ''}{' Bold' if bold else ''}"


def _state(cls: str) -> str:
    return next((word for word in cls.split() if word in INK), "")


def _style(cls: str, mark: Shape) -> str:
    rounded = _FORMS[mark.form][1]
    dash = _DASHES.get(_state(cls), "") if mark.cls == "box" else ""
    return ",".join(filter(None, ("filled", rounded, dash)))


@lru_cache(maxsize=1024)
def paint(cls: str, mark: str) -> str:
    """Return the colour attributes of a mark of class *mark* in an element of class *cls*."""
    ink = INK.get(_state(cls), LINE)
    words = mark.split()
    first = words[0]
    if first == "box":
        fill = PAPER if _state(cls) == "empty" else CARD
        weight = 2.4 if _state(cls) in ("failed", "lost") else 1.4
        return f'color="{ink}" fillcolor="{fill}" penwidth={0.8 if "behind" in words else weight}'
    if first == "badge":
        return f'color="{LINE}" fillcolor="{PAPER}" penwidth=1'
    if first in ("link", "rule"):
        faint = first == "rule" or cls.startswith(("edge owns", "edge provisions"))
        return f'color="{LINE if faint else ink}" penwidth={1.2 if faint else 1.6}'
    if first in ("glyph", "strike", "hatch"):
        colour = {"glyph": ink, "strike": QUIET, "hatch": ink + "30"}[first]
        return f'color="{colour}" penwidth={1.7 if first == "glyph" else 1}'
    if first == "word":
        return f'fontcolor="{ink if _state(cls) else TEXT}"'
    quiet = first in ("quiet", "heading") or "struck" in words or "quiet-ink" in words
    return f'fontcolor="{QUIET if quiet else TEXT}"'


def subset(frame: Frame, ids: Collection[str]) -> tuple[Placed, ...]:
    """Return the elements of *frame* with the given ids, in drawing order; unknown ids are left out."""
    known = frame.by_id
    return tuple(known[id_] for id_ in ids if id_ in known)
