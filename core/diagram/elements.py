"""The nouns of the picture: what there is to draw, before anything has a place or a colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from core.apimachinery.meta import Ref

Slots = dict[str, str]


class Node(NamedTuple):
    """One thing to draw. ``slots`` are its lines by name; the layout knows the place of each."""

    id: str
    kind: str
    """``workload | seat | pod | claim | volume | class | service | machine | range``: a CSS class too."""
    state: str
    title: str
    word: str
    slots: Slots
    ref: Ref | None
    label: str
    """The accessible sentence: ``Pod web-0, Ready, on node-1, claim www-web-0 Bound``."""
    more: str = ""
    """Further CSS classes, such as ``still-bound``."""


class Edge(NamedTuple):
    id: str
    cls: str
    tail: str
    head: str


class Chain(NamedTuple):
    """A claim and, to its right, its volume (or the vacant place of one); either may be missing."""

    claim: Node | None
    volume: Node | None


class Row(NamedTuple):
    seat: Node | None
    chains: tuple[Chain, ...] = ()


@dataclass(slots=True)
class Block:
    """A workload with its Services and rows; the last block holds what belongs to no workload."""

    workload: Node | None
    services: list[Node] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    blocks: list[Block] = field(default_factory=list)
    classes: list[Node] = field(default_factory=list)
    machines: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    left_out: str = ""
    """What folding hid, as a sentence; "" when everything is drawn."""
