"""What each card looks like: its shape, where its lines stand, which are engraved and which flip."""

from __future__ import annotations

from collections.abc import Callable

from core.diagram.elements import Node
from core.diagram.marks import (
    GLYPH_ROOM,
    Mark,
    Shape,
    Stroke,
    Text,
    glyph,
    hatching,
    line,
    text,
    width_of,
)

SEAT_H = 88.0
LANE_H = 28.0
RANGE_H = 34.0
CLASS_H = 64.0
CHAIN_PITCH = 84.0
MACHINE = (146.0, 36.0)
HEIGHTS = {"claim": 66.0, "volume": 76.0, "vacant": 56.0}
PAD = 12.0

Box = tuple[float, float, float, float]


def marks(node: Node, x: float, y: float, w: float, h: float) -> tuple[Mark, ...]:
    """Return the drawing of *node* in the given rectangle."""
    drawn = _DRAW[node.kind](node, (x, y, w, h))
    return tuple(mark for mark in drawn if not isinstance(mark, Text) or mark.text)


def _headline(node: Node, box: Box, y: float) -> list[Mark]:
    """Return the name at the left, its state's glyph and word at the right."""
    x, _, w, _ = box
    sign, word = _sign(node, x + w - PAD, y, w * 0.55)
    room = w - 2 * PAD - width_of(word) - GLYPH_ROOM - 6
    return [_title(x + PAD, y, node.title, room), sign, word]


def _whole(words: str, mark: Text, otherwise: Text) -> Text:
    """Return *mark* if it shows *words* whole, else the smaller or shorter text."""
    return mark if mark.text == words else otherwise


def _title(x: float, y: float, name: str, room: float) -> Text:
    large, small = (text(f"{font} engraved", x, y, name, room) for font in ("title", "name"))
    return _whole(name, large, small)


def _sign(node: Node, right: float, y: float, room: float) -> tuple[Stroke, Text]:
    """Return the state's glyph and word, its right edge at *right*."""
    word = text("word", right, y, node.word, room, "r")
    return glyph(node.state, right - width_of(word) - 10, y), word


def _struck(cls: str, x: float, y: float, words: str, room: float) -> list[Mark]:
    mark = text(f"{cls} struck", x, y, words, room)
    return [mark, Stroke("strike", (line((x, y + 0.5), (x + width_of(mark), y + 0.5)),))]


def _hatch(node: Node, box: Box) -> list[Mark]:
    if node.state != "terminating":
        return []
    x, y, w, h = box
    return [Stroke("hatch", hatching(x + 4, y + 4, w - 8, h - 8))]


def _badge(x: float, y: float, words: str, room: float) -> list[Mark]:
    """Return a small framed text whose right edge is at *x*."""
    mark = text("small flips", x - 6, y, words, room, "r")
    w = width_of(mark) + 12
    return [Shape("badge", "card", x - w, y - 8.5, w, 17), mark]


def _seat(node: Node, box: Box) -> list[Mark]:
    x, y, w, _ = box
    slots = node.slots
    left, right, room = x + PAD, x + w - PAD, w - 2 * PAD
    out: list[Mark] = [Shape("box", "card", *box), *_hatch(node, box)]
    if "dns" not in slots:
        return [*out, *_pod(node, left, y, room), *_foot(node, left, y + 74, room)]
    out += _headline(node, box, y + 18)
    out += _dns(slots["dns"], slots["answer"], left, y + 38, room)
    if slots.get("last"):
        out.append(text("small", left, y + 56, "was", room))
        out += _struck("small", left + 24, y + 56, slots["last"], room - 24)
    elif "uid" not in slots:
        return [*out, *_foot(node, left, y + 56, room)]
    else:
        out.append(text("small flips", left, y + 56, f"uid {slots['uid']}", room))
        if slots["machine"]:
            out += _badge(right, y + 56, slots["machine"], room - 92)
    out += _foot(node, left, y + 74, room)
    return out


def _pod(node: Node, left: float, y: float, room: float) -> list[Mark]:
    """Return the lines of a Pod without a seat: its long random name has a line of its own."""
    slots = node.slots
    badge = _badge(left + room, y + 38, slots["machine"], room * 0.3) if slots["machine"] else []
    free = room - GLYPH_ROOM - (badge[0].w + 4 if badge and isinstance(badge[0], Shape) else 0)
    return [
        _title(left, y + 18, node.title, room),
        glyph(node.state, left + 5, y + 38),
        text("word", left + GLYPH_ROOM, y + 38, node.word, free),
        *badge,
        text("small flips", left, y + 56, f"uid {slots['uid']} {slots['address']}".rstrip(), room),
    ]


def _dns(name: str, answer: str, x: float, y: float, room: float) -> list[Mark]:
    if not name:
        return [text("line flips", x, y, answer, room)]
    reply = text("line flips", x, y, f"→ {answer}", room)
    title = text("line engraved dns", x, y, name, room - width_of(reply) - 7)
    return [title, reply._replace(x=x + width_of(title) + 7)]


def _foot(node: Node, x: float, y: float, room: float) -> list[Mark]:
    """Return the last line of a seat: why it is not Ready, else who sat here before, and its revision."""
    slots = node.slots
    if slots.get("note"):
        return [text("quiet note", x, y, slots["note"], room)]
    out: list[Mark] = []
    if slots.get("was"):
        out.append(text("small quiet-ink", x, y, "was", room))
        return [*out, *_struck("small", x + 24, y, slots["was"], room - 24)]
    if slots.get("revision"):
        out.append(text("small quiet-ink", x, y, slots["revision"], room))
    return out


def _claim(node: Node, box: Box) -> list[Mark]:
    x, y, w, _ = box
    left, room = x + 10, w - 20
    size = text("small", x + w - 10, y + 35, node.slots["size"], room * 0.6, "r")
    return [
        Shape("box", "note", *box),
        *_hatch(node, box),
        text("name engraved", left, y + 16, node.title, room - 10),
        glyph(node.state, left + 5, y + 35),
        text("word", left + GLYPH_ROOM, y + 35, node.word, room - GLYPH_ROOM - width_of(size) - 4),
        size,
        text("quiet note", left, y + 53, node.slots["note"] or node.slots["class"], room),
    ]


def _volume(node: Node, box: Box) -> list[Mark]:
    x, y, w, _ = box
    left, right, room = x + 10, x + w - 10, w - 20
    slots = node.slots
    size = text("small", right, y + 23, slots["size"], room / 2, "r")
    word = text("word", left + GLYPH_ROOM, y + 39, node.word, room)
    out: list[Mark] = [
        Shape("box", "cylinder", *box),
        *_hatch(node, box),
        text("name engraved", left, y + 23, node.title, room - width_of(size) - 6),
        size,
        glyph(node.state, left + 5, y + 39),
        word,
        _policy(slots["policy"], right, y + 39, room - GLYPH_ROOM - width_of(word) - 4),
    ]
    if slots["was"]:
        out.append(text("small", left, y + 56, "was", room))
        out += _struck("small", left + 24, y + 56, slots["was"], room - 24)
        out.append(text("small engraved", left, y + 67, slots["files"], room))
    elif slots["files"]:
        out.append(text("small engraved file", left, y + 57, slots["files"], room))
    else:
        out.append(text("quiet note", left, y + 57, slots["note"] or "no file yet", room))
    return out


def _policy(words: str, x: float, y: float, room: float) -> Text:
    """Return access modes and reclaim policy, or the latter alone where both do not fit."""
    short = text("quiet", x, y, words.rpartition(" ")[2], room, "r")
    return _whole(words, text("quiet", x, y, words, room, "r"), short)


def _vacant(node: Node, box: Box) -> list[Mark]:
    x, y, w, h = box
    note = text("quiet note", x + w / 2, y + h / 2, node.slots["note"], w - 20, "c")
    return [Shape("box", "cylinder", *box), note]


def _class(node: Node, box: Box) -> list[Mark]:
    x, y, w, _ = box
    middle, slots = x + w / 2, node.slots
    facts = " · ".join(filter(None, (slots.get("policy"), node.word if slots else "")))
    lines = [words for words in (slots.get("binding", node.word), facts) if words]
    return [
        Shape("box", "hexagon", *box),
        text("name engraved", middle, y + 17, node.title, w - 34, "c"),
        *(text("quiet", middle, y + 33 + at * 15, words, w - 28, "c") for at, words in enumerate(lines)),
    ]


_WORKLOAD_LINES = ("namespace", "policy", "strategy", "partition", "image")


def workload_height(node: Node) -> float:
    lines = sum(1 for slot in _WORKLOAD_LINES if node.slots[slot])
    return max(SEAT_H, 70.0 + 15 * lines)


def _count(words: str, x: float, y: float, room: float) -> Text:
    """Return ``2 / 3 ready``, or the numbers alone where they are large."""
    short = text("word", x, y, words.removesuffix(" ready"), room)
    return _whole(words, text("word", x, y, words, room), short)


def _workload(node: Node, box: Box) -> list[Mark]:
    x, y, w, h = box
    left, room = x + PAD, w - 2 * PAD
    out: list[Mark] = [
        Shape("box behind", "card", x + 4, y - 4, w, h),
        Shape("box", "card", *box),
        *_hatch(node, box),
        text("title engraved", left, y + 18, node.title, room),
        text("quiet", left, y + 35, node.slots["kind"], room),
        glyph(node.state, left + 5, y + 54),
        _count(node.word, left + GLYPH_ROOM, y + 54, room - GLYPH_ROOM),
    ]
    y += 72
    for slot in _WORKLOAD_LINES:
        if node.slots[slot]:
            out.append(text("small" if slot == "image" else "quiet", left, y, node.slots[slot], room))
            y += 15
    return out


def _service(node: Node, box: Box) -> list[Mark]:
    x, y, w, h = box
    middle = y + h / 2
    sign, word = _sign(node, x + w - PAD, middle, w / 2)
    kind = text("quiet", word.x - width_of(word) - GLYPH_ROOM - 6, middle, node.slots["address"], 64, "r")
    taken = width_of(word) + width_of(kind) + GLYPH_ROOM + 16
    name = text("line engraved dns", x + PAD, middle, node.title, w - 2 * PAD - taken)
    return [Shape("box", "card", *box), name, kind, sign, word]


def _machine(node: Node, box: Box) -> list[Mark]:
    x, y, w, _ = box
    slots = node.slots
    sign, word = _sign(node, x + w - 10, y + 12, w / 2)
    name = text("small engraved", x + 10, y + 12, node.title, w - 20 - width_of(word) - GLYPH_ROOM - 6)
    facts = " · ".join(filter(None, (slots["pods"], slots["zone"])))
    return [Shape("box", "plain", *box), name, sign, word, text("quiet", x + 10, y + 26, facts, w - 20)]


def _range(node: Node, box: Box) -> list[Mark]:
    x, y, w, h = box
    middle = y + h / 2
    out: list[Mark] = [Shape("box behind", "card", x + 4, y - 3, w - 8, h), Shape("box", "card", *box)]
    title = text("name engraved", x + PAD, middle, node.title, w * 0.6)
    sign = glyph(node.state, x + PAD + width_of(title) + 18, middle)
    word = text("word", x + PAD + width_of(title) + 30, middle, node.word, w - 2 * PAD - width_of(title) - 30)
    return [*out, title, sign, word]


_DRAW: dict[str, Callable[[Node, Box], list[Mark]]] = {
    "seat": _seat,
    "pod": _seat,
    "claim": _claim,
    "volume": _volume,
    "vacant": _vacant,
    "class": _class,
    "workload": _workload,
    "service": _service,
    "machine": _machine,
    "range": _range,
}
