"""The picture as an SVG file of its own: real text, colours written at each mark, nothing to load or run.

No style sheet: what draws SVG into slides and documents often knows none. Text names fonts that every
system has in the same widths (Arial, Helvetica, Liberation Sans), and says how long it is: another
font is drawn narrower or wider instead of out of its box.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from html import unescape
from xml.sax.saxutils import escape

from core.diagram.ink import HATCH, PAPER, look, state_of
from core.diagram.layout import Frame
from core.diagram.marks import FONTS
from core.diagram.text import MONO_EM, cleaned

SANS = "'Liberation Sans', Arial, Helvetica, sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, 'Liberation Mono', 'Courier New', monospace"
DASHES = {
    "pending-expected": "1.5 3.5",
    "pending-blocked": "8 3",
    "released": "12 3 2 3",
    "empty": "5 4",
}

_ELEMENT = re.compile(r'(<g id="[^"]*" class=")([^"]*)("[^>]*>)')
_MARK = re.compile(
    r'<(text|path|polygon|polyline|ellipse) class="([^"]*)"((?: [^>]*?)?)(/?)>(?:([^<]*)</text>)?'
)

# Thousandths of an em of ! to ~: the advance widths of Helvetica, regular and bold, in the order of ASCII.
_REGULAR = (
    "278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556"
    " 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722"
    " 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500"
    " 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556"
    " 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722"
    " 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556"
    " 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_FURTHER = {" ": 278, "…": 1000, "—": 1000, "→": 1000, "·": 333, "×": 584}
_EMS = tuple(
    _FURTHER | {chr(33 + at): int(width) for at, width in enumerate(widths.split())}
    for widths in (_REGULAR, _BOLD)
)


def svg(frame: Frame, drawings: Iterable[str], title: str = "The cluster") -> str:
    """Return *frame*, whose elements are drawn by *drawings*, as a document."""
    w, h = f"{frame.width:g}", f"{frame.height:g}"
    body = "".join(painted(drawing) for drawing in drawings)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}">\n'
        f"<title>{escape(cleaned(title))}</title>\n"
        f'<path fill="{PAPER}" d="M0,0H{w}V{h}H0z"/>\n{body}</svg>\n'
    )


def painted(drawing: str) -> str:
    """Return the drawing of one element with its colours, and its fonts, written at each mark."""
    cls = ""
    parts: list[str] = []
    for line in drawing.splitlines():
        head = _ELEMENT.match(line)
        if head is not None:
            cls = head[2]
            line = "".join((head[1], cls, head[3].replace(' tabindex="-1"', ""), line[head.end() :]))
        parts.append(_MARK.sub(partial(_mark, cls), line) + "\n")
    return "".join(parts)


def _mark(cls: str, mark: re.Match[str]) -> str:
    tag, name, rest, closed, words = mark.groups()
    if name == "strike":
        return ""  # the words themselves are struck
    if tag == "text":
        return f"<text{rest}{_written(cls, name, unescape(words))}>{words}</text>"
    paint = _drawn(cls, name, 'fill="none"' in rest)
    return f"<{tag}{rest}{paint}{closed}>"


@lru_cache(maxsize=2048)
def _drawn(cls: str, name: str, hollow: bool) -> str:
    line, weight, fill, _ = look(cls, name)
    strong = f' stroke-opacity="{int(HATCH, 16) / 255:.2f}"' if name == "hatch" else ""
    dash = DASHES.get(state_of(cls), "") if name in ("box", "link") else ""
    faint = cls.startswith(("edge owns", "edge provisions"))
    out = f' stroke="{line[:7]}" stroke-width="{weight:g}"{strong}'
    if dash and not faint:
        out += f' stroke-dasharray="{dash}"' + (' stroke-linecap="round"' if dash.startswith("1.5") else "")
    if name == "glyph":
        out += ' stroke-linecap="round" stroke-linejoin="round"'
    return out if hollow or not fill else f'{out} fill="{fill}"'


@lru_cache(maxsize=8192)
def _written(cls: str, name: str, words: str) -> str:
    font = FONTS[name.partition(" ")[0]]
    bold = ' font-weight="bold"' if font.bold else ""
    struck = ' text-decoration="line-through"' if "struck" in name.split() else ""
    ems = _mono_ems(words) if font.mono else _ems(words, font.bold)
    long = (
        f' textLength="{ems * font.size:.1f}" lengthAdjust="spacingAndGlyphs"'
        if len(words) > 1 and ems
        else ""
    )
    face = MONO if font.mono else SANS
    return (
        f' font-family="{face}" font-size="{font.size:g}"{bold} fill="{look(cls, name).words}"{struck}{long}'
    )


def _mono_ems(words: str) -> float:
    return len(words) * MONO_EM if all(char < "\u2e80" for char in words) else 0.0


def _ems(words: str, bold: bool) -> float:
    """Return how wide *words* are, in ems; 0 for those that no table knows."""
    known = _EMS[bold]
    return sum(known[char] for char in words) / 1000 if all(char in known for char in words) else 0.0
