"""How wide a text is, and how to shorten one that does not fit: measured, not hoped.

The widths are those of DejaVu, the widest of the fonts that a browser or Graphviz is likely to pick:
what fits here fits there.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MONO_EM = 0.603
ELLIPSIS = "…"

_NARROW = frozenset("ijlI.,:;'|!()[]{}/\\-ft r")
_WIDE = frozenset("mwMW@%&—…→")


def cleaned(text: str) -> str:
    """Return *text* on one line, without what XML or Graphviz cannot carry."""
    if text.isascii() and text.isprintable():
        return text
    plain = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in plain)


def _em(char: str, mono: bool) -> float:
    if not char.isascii() and unicodedata.east_asian_width(char) in "WF":
        return 1.25
    if mono:
        return MONO_EM if ord(char) < 0x2E80 else 1.25
    if char in _NARROW:
        return 0.42
    return 1.0 if char in _WIDE else 0.78 if char.isupper() else 0.636


def width(text: str, size: float, mono: bool) -> float:
    """Return the width of *text* in points at font *size*, rather too wide than too narrow."""
    if mono and text.isascii():
        return len(text) * size * MONO_EM
    return size * _ems(text, mono)


@lru_cache(maxsize=16384)
def _ems(text: str, mono: bool) -> float:
    return sum(_em(char, mono) for char in text)


def elided(text: str, room: float, size: float, mono: bool) -> str:
    """Return *text* shortened to *room* points.

    A name (monospace) is cut in its middle, since its end, an ordinal, tells it apart; a sentence at its end.
    """
    if mono and len(text) * size * MONO_EM <= room and text.isascii() and text.isprintable():
        return text
    return _elided(text, room, size, mono)


@lru_cache(maxsize=16384)
def _elided(text: str, room: float, size: float, mono: bool) -> str:
    text = cleaned(text[:600])
    if width(text, size, mono) <= room:
        return text
    ordinal = text.rpartition("-")[2]
    tail = len(ordinal) + 1 if ordinal.isdigit() and len(ordinal) < 8 else 0
    low, high = 0, len(text)
    while low < high:  # the longest that fits: its length is what is searched for
        middle = (low + high + 1) // 2
        cut = _cut(text, middle, max(tail, middle // 3) if mono else 0)
        if width(cut, size, mono) <= room:
            low = middle
        else:
            high = middle - 1
    return _cut(text, low, max(tail, low // 3) if mono else 0)


def _cut(text: str, keep: int, tail: int) -> str:
    """Return *keep* characters of *text* and an ellipsis, the last *tail* of them after it."""
    end = min(keep, tail)
    return text[: keep - end].rstrip() + ELLIPSIS + (text[-end:] if end else "")
