"""From a frame to Graphviz source: every place given, nothing left to the layout engine.

Each mark is one statement: a shape or a line of text is a node of fixed size, a stroke is an edge with its
curve. The ``id`` says which element and which mark it is, the ``class`` what it is. The only place where
a user's text meets Graphviz syntax is :func:`quoted`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from core.diagram.ink import PAPER, look, state_of
from core.diagram.layout import Frame, Placed, shape_of
from core.diagram.marks import FONTS, Shape, Stroke, Text, width_of
from core.diagram.text import cleaned

_FORMS = {
    "card": ("box", "rounded"),
    "note": ("note", ""),
    "cylinder": ("cylinder", ""),
    "hexagon": ("hexagon", ""),
    "plain": ("box", ""),
}
_DASHES = {"pending-expected": "dotted", "pending-blocked": "dashed", "empty": "dashed", "released": "dashed"}
_ALIGN = {"l": "\\l", "r": "\\r", "c": ""}
_SHIFT = {"l": 0.5, "r": -0.5, "c": 0.0}
_FACES = {
    (False, False): "DejaVu Sans",
    (False, True): "DejaVu Sans Bold",
    (True, False): "DejaVu Sans Mono",
    (True, True): "DejaVu Sans Mono Bold",
}
_INCH = 72.0

_HEAD = """digraph picture {
graph [notranslate=true inputscale=72 outputorder=nodesfirst pad=0 margin=0]
node [fixedsize=true margin=0 label="" fontname="DejaVu Sans"]
edge [arrowhead=none]
"""


def quoted(text: str) -> str:
    """Return *text* as a quoted Graphviz string that shows exactly *text*, whatever it holds."""
    safe = cleaned(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'


def source(frame: Frame, dpi: int = 72) -> str:
    """Return *frame* as a graph for ``neato -n2``: nodes and edges by their ids, in the light colours."""
    out = [_HEAD, f'graph [bgcolor="{PAPER}" dpi={dpi}]\n']
    for name, x, y in (("corner-0", 0.0, 0.0), ("corner-1", frame.width, frame.height)):
        out.append(f'"{name}" [style=invis shape=point pos="{x:g},{-y:g}" width=0 height=0]\n')
    for element in frame.elements:
        carrier = shape_of(element)
        for index, mark in enumerate(element.marks):
            colours = paint(element.cls, mark.cls)
            if isinstance(mark, Stroke):
                ends = (element.tail, element.head) if element.tail else ("corner-0", "corner-0")
                dash = _DASHES.get(state_of(element.cls), "solid") if mark.cls == "link" else "solid"
                out.append(_stroke(mark, *ends, f'id="{element.id}.{index}" {colours} style={dash}'))
                continue
            name = element.id if mark is carrier else f"{element.id}.{index}"
            style = f'style="{_style(element.cls, mark)}"' if isinstance(mark, Shape) else ""
            attributes = f"{colours} {style} id={quoted(name)} tooltip={quoted(element.label)}"
            out.append(_node(mark, name, attributes))
    return "".join(out) + "}\n"


def source_of(elements: Iterable[Placed]) -> str:
    """Return the marks of *elements* as a graph without colours, each with its ``id`` and ``class``.

    A mark's id is ``element_mark``, by their order; its curve says where a stroke is, so all hang on ``o``.
    """
    out = [_HEAD, 'o [style=invis pos="0,0" width=0 height=0]\n']
    for at, element in enumerate(elements):
        for index, mark in enumerate(element.marks):
            attributes = f'id="{at}_{index}" class="{mark.cls}"'
            if isinstance(mark, Stroke):
                out.append(_stroke(mark, "o", "o", attributes))
            else:
                style = f' style="{_style("", mark)}"' if isinstance(mark, Shape) else ""
                out.append(_node(mark, f"{at}_{index}", attributes + style))
    return "".join(out) + "}\n"


def _node(mark: Shape | Text, name: str, attributes: str) -> str:
    if isinstance(mark, Shape):
        x, y, w, h = mark.x + mark.w / 2, mark.y + mark.h / 2, mark.w, mark.h
        looks = f"shape={_FORMS[mark.form][0]}"
    else:
        font = FONTS[mark.cls.partition(" ")[0]]
        w, h = width_of(mark) + 2, font.size * 1.4
        x, y = mark.x + _SHIFT[mark.anchor] * w, mark.y
        face = f' fontname="{_FACES[font.mono, font.bold]}"' if font.mono or font.bold else ""
        words = cleaned(mark.text) or " "  # Graphviz dies of a label that is nothing but its alignment
        label = f'{quoted(words)[:-1]}{_ALIGN[mark.anchor]}"'
        looks = f"shape=none label={label}{face} fontsize={font.size:g}"
    size = f"width={w / _INCH:.3f} height={h / _INCH:.3f}"
    return f'"{name}" [{looks} pos="{x:.1f},{-y:.1f}" {size} {attributes}]\n'


def _stroke(mark: Stroke, tail: str, head: str, attributes: str) -> str:
    pos = ";".join(_spline(curve) for curve in mark.curves)
    return f'"{tail}" -> "{head}" [pos="{pos}" {attributes}]\n'


def _spline(points: tuple[float, ...]) -> str:
    return " ".join(f"{x:.1f},{-y:.1f}" for x, y in zip(points[::2], points[1::2], strict=True))


def _style(cls: str, mark: Shape) -> str:
    rounded = _FORMS[mark.form][1]
    dash = _DASHES.get(state_of(cls), "") if mark.cls == "box" else ""
    return ",".join(filter(None, ("filled", rounded, dash)))


@lru_cache(maxsize=1024)
def paint(cls: str, mark: str) -> str:
    """Return the colour attributes of a mark of class *mark* in an element of class *cls*."""
    line, weight, fill, words = look(cls, mark)
    if words:
        return f'fontcolor="{words}"'
    filled = f' fillcolor="{fill}"' if fill else ""
    return f'color="{line}"{filled} penwidth={weight:g}'


def subset(frame: Frame, ids: Collection[str]) -> tuple[Placed, ...]:
    """Return the elements of *frame* with the given ids, in drawing order; unknown ids are left out."""
    known = frame.by_id
    return tuple(known[id_] for id_ in ids if id_ in known)
