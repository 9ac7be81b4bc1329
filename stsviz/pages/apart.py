"""Two pictures in one document: the ids of each get a letter in front, so that they do not collide.

What is shown of a cluster is drawn once for all viewers. A page that shows two gets the same messages with
other ids; all text in them is escaped, so an attribute is where it looks like one.
"""

from __future__ import annotations

import re

HALVES = ("a", "b")
SHARED = frozenset({"menu", "said", "outcome", "view"})
"""Ids of what a page has once, however many clusters it shows."""

_ELEMENT = re.compile(r'<g((?: hx-swap-oob="[^"]*")?) id="([^"]+)"')
_ID = re.compile(r'(\s(?:id|for|aria-controls|aria-labelledby|aria-describedby|data-jump)=")([^"\s]+)"')
_PLACE = re.compile(r'(\s(?:hx-target="|hx-swap-oob="\w+:)#)([^"]+)"')
_ROW = re.compile(r"(\s(?:hx-swap-oob=\"\w+:)\[id=')([^']+)'")


def apart(html: str, half: str) -> str:
    """Return *html* with the ids of the *half* a or b of a page; as it is for a page with one cluster.

    An element of the picture keeps its own name in ``data-select``: by that the server knows it.
    """
    if half not in HALVES:
        return html

    def renamed(found: re.Match[str]) -> str:
        start, name, end = found[1], found[2], found[0][-1]
        return found[0] if name in SHARED else f"{start}{half}-{name}{end}"

    html = _ELEMENT.sub(r'<g\1 id="\2" data-select="\2"', html)
    for pattern in (_ID, _PLACE, _ROW):
        html = pattern.sub(renamed, html)
    return html
