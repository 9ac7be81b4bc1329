"""Draws swim lanes as SVG with real text; colours and patterns are the style sheet's.

State is said by outline and pattern first: dotted waits, striped lies between, filled is Ready, hatched
goes, and where there is no bar nobody is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

from core.diagram.lanes import Axis, Lane, Life, Stretch, axis
from core.diagram.text import cleaned

WIDTH = 1000
LEFT, RIGHT = 104, 16  # the column of names; free space at the other end
TOP = 30  # the axis
HEIGHTS = (24, 18, 18)  # of the rows: Pods, claims, volumes
NAMES = ("", "claim", "volume")
GAP = 14
MARKS = 6  # times written along the axis
LETTER = 7.3  # width of one at 12 px in a monospaced font, with room to spare
THIN = 2.0

Clock = Callable[[float], str]


def svg(lanes: Sequence[Lane], clock: Clock, at: float | None = None) -> str:
    """Return the drawing. *clock* writes a simulated time; *at* is marked: where the viewer is."""
    scale = axis(lanes)
    height = TOP + len(lanes) * (sum(HEIGHTS) + GAP)
    parts = [_head(height), *_axis(scale, clock, height)]
    y = TOP
    for lane in lanes:
        parts.append(_lane(lane, scale, y, clock))
        y += sum(HEIGHTS) + GAP
    if at is not None:
        x = _x(scale, at)
        parts.append(f'<path class="here" d="M{x:.1f} {TOP - 6}V{height}"/>')
    return "".join(parts) + "</svg>"


def _head(height: int) -> str:
    return (
        f'<svg id="lanes" class="lanes" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="group" aria-label="Who sat in each seat, over time"><defs>'
        '<pattern id="goes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="stripe" d="M0 0V6"/></pattern>'
        '<pattern id="between" width="5" height="5" patternUnits="userSpaceOnUse">'
        '<path class="stripe" d="M0 0V5"/></pattern></defs>'
    )


def _x(scale: Axis, at: float) -> float:
    return LEFT + scale.place(at) * (WIDTH - LEFT - RIGHT)


def _axis(scale: Axis, clock: Clock, height: int) -> list[str]:
    parts = [f'<path class="rule" d="M{LEFT} {TOP - 8}H{WIDTH - RIGHT}"/>']
    last = ""
    for number in range(MARKS + 1):
        place = number / MARKS
        x, words = LEFT + place * (WIDTH - LEFT - RIGHT), clock(scale.time(place))
        anchor = "start" if not number else "end" if number == MARKS else "middle"
        if words != last:
            parts.append(f'<text class="time" x="{x:.1f}" y="14" text-anchor="{anchor}">{words}</text>')
        last = words
    for place, left_out in scale.cuts:
        x = LEFT + place * (WIDTH - LEFT - RIGHT)
        title = f"{_long(left_out)} in which nothing changed here are left out"
        parts.append(
            f'<g class="cut"><title>{title}</title><path d="M{x:.1f} {TOP - 12}l-3 4 6 4-3 4V{height}"/></g>'
        )
    return parts


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def _lane(lane: Lane, scale: Axis, y: int, clock: Clock) -> str:
    name, whole = escape(cleaned(_elided(lane.title, 13))), escape(cleaned(lane.title))
    parts = [f'<text class="title" x="4" y="{y + 16}">{name}<title>{whole}</title></text>']
    for row, height, words in zip(lane.rows, HEIGHTS, NAMES, strict=True):
        if words:
            parts.append(f'<text class="row" x="4" y="{y + 13}">{words}</text>')
        parts += [_life(life, scale, y, height - 3, clock) for life in row]
        y += height
    return f'<g class="lane">{"".join(parts)}</g>'


def _life(life: Life, scale: Axis, y: int, height: int, clock: Clock) -> str:
    drawn = "".join(_stretch(stretch, scale, y, height) for stretch in life.stretches)
    until = f"to {clock(life.end)}" if life.is_over else "until now"
    states = ", ".join(f"{stretch.state.word} {clock(stretch.start)}" for stretch in life.stretches)
    shown = life.uid[:8] if life.ref.kind == "Pod" else ""
    label = f"{life.ref.kind} {life.ref.name} {shown} from {clock(life.start)} {until}: {states}"
    first, last = _x(scale, life.start), max(_x(scale, life.end), _x(scale, life.start) + THIN)
    words = _fitting(" ".join(filter(None, (shown, life.note))), shown, last - first - 10)
    text = ""
    if words:
        first = _roomiest(life, scale, words)
        base = y + height / 2 + 4
        text = f'<text x="{first + 5:.1f}" y="{base:g}">{escape(cleaned(words))}</text>'
    ends = ' data-over=""' if life.is_over else ""
    kind = {"Pod": "pod", "PersistentVolumeClaim": "claim"}.get(life.ref.kind, "volume")
    return (
        f'<g class="life {kind}" role="img" aria-label={quoteattr(cleaned(label))}'
        f" data-uid={quoteattr(life.uid)}"
        f"{ends}><title>{escape(cleaned(label))}</title>{drawn}{text}</g>"
    )


def _roomiest(life: Life, scale: Axis, words: str) -> float:
    """Return where *words* begin: in the first stretch that holds them whole, else at the beginning."""
    for stretch in life.stretches:
        x = _x(scale, stretch.start)
        if _x(scale, stretch.end) - x - 10 >= len(words) * LETTER:
            return x
    return _x(scale, life.start)


def _stretch(stretch: Stretch, scale: Axis, y: int, height: int) -> str:
    x = _x(scale, stretch.start)
    width = max(THIN, _x(scale, stretch.end) - x)
    state = "unready" if stretch.state.word == "not Ready" else stretch.state.cls
    return f'<rect class="{state}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" rx="2"/>'


def _fitting(words: str, shorter: str, room: float) -> str:
    """Return what can be written into *room* units."""
    most = int(room / LETTER)
    if len(words) <= most:
        return words
    return shorter if shorter and len(shorter) <= most else _elided(words, most) if most >= 9 else ""


def _elided(words: str, most: int) -> str:
    """Shorten *words* in the middle: the ordinal at the end stays."""
    if len(words) <= most:
        return words
    tail = (most - 1) // 2
    return f"{words[: most - 1 - tail]}…{words[len(words) - tail :]}"
