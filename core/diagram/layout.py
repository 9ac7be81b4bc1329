"""Gives everything its place: kinds are columns, ordinals are rows, and one pass gives all places.

Nothing moves unless it moved in the cluster: a workload stands level with its first seat, so that scaling
only adds below; sizes are fixed, and text is measured and shortened to them, never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from core.apimachinery.meta import Ref
from core.diagram import drawings
from core.diagram.drawings import CHAIN_PITCH, CLASS_H, LANE_H, MACHINE, RANGE_H, SEAT_H
from core.diagram.elements import Block, Edge, Graph, Node, Row
from core.diagram.marks import Mark, Shape, Stroke, Text, elbow, line

MARGIN = 16.0
GAP = 14.0
BLOCK_GAP = 40.0
WIDTH = 948.0


class Column(NamedTuple):
    title: str
    x: float
    w: float

    @property
    def right(self) -> float:
        return self.x + self.w


WORKLOADS = Column("Workload", MARGIN, 134)
SEATS = Column("Seats (Pods)", 180, 218)
CLAIMS = Column("Claims", 426, 160)
VOLUMES = Column("Volumes", 614, 160)
CLASSES = Column("Class", 806, 126)
COLUMNS = (WORKLOADS, SEATS, CLAIMS, VOLUMES, CLASSES)


class Placed(NamedTuple):
    """An element of the picture; two that are equal are drawn by the same bytes."""

    id: str
    cls: str
    x: float
    y: float
    w: float
    h: float
    marks: tuple[Mark, ...]
    label: str = ""
    tail: str = ""
    head: str = ""

    @property
    def middle(self) -> float:
        return self.y + self.h / 2


@dataclass(slots=False)
class Frame:
    """A laid-out picture: elements in drawing order, and what their ids stand for."""

    width: float
    height: float
    elements: tuple[Placed, ...]
    refs: Mapping[str, Ref] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    left_out: str = ""
    nodes: Mapping[str, Node] = field(default_factory=dict)
    """What each element but an edge shows: kept so that the next frame can take over what is unchanged."""

    @cached_property
    def by_id(self) -> dict[str, Placed]:
        return {element.id: element for element in self.elements}


def place(graph: Graph, last: Frame | None = None) -> Frame:
    """Return *graph* with a place for everything, in time linear in its size.

    *last*: an earlier frame, of which what is unchanged is taken over; the result is the same without.
    """
    return _Layout(last or _NO_FRAME).frame(graph)


_NO_FRAME = Frame(0, 0, ())


class _Layout:
    def __init__(self, last: Frame) -> None:
        self._last = last
        self._nodes: dict[str, Node] = {}
        self._placed: dict[str, Placed] = {}
        self._refs: dict[str, Ref] = {}
        self._labels: dict[str, str] = {}

    def frame(self, graph: Graph) -> Frame:
        y = self._machines(graph.machines, MARGIN)
        y = self._headings(y)
        top = y
        for block in graph.blocks:
            y = self._block(block, y) + BLOCK_GAP
        bottom = self._classes(graph, top)
        if not graph.blocks and not graph.classes:
            y = self._nothing(top)
        lanes = {node.id: at for at, node in enumerate(graph.classes)}
        edges = [placed for edge in graph.edges if (placed := self._edge(edge, lanes)) is not None]
        height = max(y - BLOCK_GAP, bottom, top) + MARGIN
        # from the top down, so that a browser has drawn what is in view before it has read the rest
        elements = tuple(sorted((*edges, *self._placed.values()), key=_bottom))
        return Frame(WIDTH, height, elements, self._refs, self._labels, graph.left_out, self._nodes)

    def _put(self, node: Node, x: float, y: float, w: float, h: float) -> None:
        placed = self._last.by_id.get(node.id)
        if placed is None or placed[2:6] != (x, y, w, h) or self._last.nodes.get(node.id) != node:
            cls = f"{node.kind} {node.state} {node.more}".rstrip()
            marks = drawings.marks(node, x, y, w, h)
            placed = Placed(node.id, cls, x, y, w, h, marks, node.label)
        self._placed[node.id] = placed
        self._nodes[node.id] = node
        self._labels[node.id] = node.label
        if node.ref is not None:
            self._refs[node.id] = node.ref

    def _machines(self, machines: Iterable[Node], y: float) -> float:
        x = MARGIN
        w, h = MACHINE
        for node in machines:
            if x + w > WIDTH - MARGIN:
                x, y = MARGIN, y + h + 8
            self._put(node, x, y, w, h)
            x += w + 10
        return y + h + 16 if x > MARGIN else y

    def _headings(self, y: float) -> float:
        texts = [Text("heading", column.x + 2, y + 8, column.title) for column in COLUMNS]
        rule = Stroke("rule", (line((MARGIN, y + 22), (WIDTH - MARGIN, y + 22)),))
        marks: tuple[Mark, ...] = (*texts, rule)
        self._placed["headings"] = Placed("headings", "headings", MARGIN, y, WIDTH - 2 * MARGIN, 24, marks)
        return y + 40

    def _nothing(self, y: float) -> float:
        texts = (
            Text("word", WIDTH / 2, y + 40, "Nothing here yet", "c"),
            Text("quiet", WIDTH / 2, y + 60, "Apply a StatefulSet, and its seats appear", "c"),
        )
        self._placed["nothing"] = Placed("nothing", "nothing", MARGIN, y, WIDTH - 2 * MARGIN, 80, texts)
        return y + 80 + BLOCK_GAP

    def _block(self, block: Block, y: float) -> float:
        """Place *block* with its top at *y*; return its bottom."""
        for lane in block.services:
            self._put(lane, SEATS.x, y, CLAIMS.right - SEATS.x, LANE_H)
            y += LANE_H + 10
        bottom = y
        if block.workload is not None:
            height = drawings.workload_height(block.workload)
            self._put(block.workload, WORKLOADS.x, y, WORKLOADS.w, height)
            bottom = y + height
        for row in block.rows:
            y = self._row(row, y) + GAP
        return max(bottom, y - GAP)

    def _row(self, row: Row, y: float) -> float:
        if row.seat is not None and row.seat.kind == "range":
            self._put(row.seat, SEATS.x, y, VOLUMES.right - SEATS.x, RANGE_H)
            return y + RANGE_H
        height = SEAT_H if row.seat is not None else CHAIN_PITCH - 8
        height = max(height, len(row.chains) * CHAIN_PITCH - 8)
        if row.seat is not None:
            self._put(row.seat, SEATS.x, y, SEATS.w, SEAT_H)
        first = y + (SEAT_H / 2 if row.seat is not None else height / 2)
        if len(row.chains) > 1:
            first = y + (CHAIN_PITCH - 8) / 2
        for at, chain in enumerate(row.chains):
            middle = first + at * CHAIN_PITCH
            for node, column in ((chain.claim, CLAIMS), (chain.volume, VOLUMES)):
                if node is not None:
                    h = drawings.HEIGHTS[node.kind]
                    self._put(node, column.x, middle - h / 2, column.w, h)
        return y + height

    def _classes(self, graph: Graph, top: float) -> float:
        """Place each class level with the first volume that comes of it; unused ones last."""
        level: dict[str, float] = {}
        for edge in graph.edges:
            if edge.cls == "provisions" and edge.head not in level and edge.tail in self._placed:
                level[edge.head] = self._placed[edge.tail].middle - CLASS_H / 2
        free = top
        for node in sorted(graph.classes, key=lambda node: level.get(node.id, float("inf"))):
            y = max(free, level.get(node.id, free))
            self._put(node, CLASSES.x, y, CLASSES.w, CLASS_H)
            free = y + CLASS_H + GAP
        return free - GAP if graph.classes else top

    def _edge(self, edge: Edge, lanes: Mapping[str, int]) -> Placed | None:
        tail, head = self._placed.get(edge.tail), self._placed.get(edge.head)
        if tail is None or head is None:
            return None
        known = self._last.by_id
        if known.get(edge.tail) is tail and known.get(edge.head) is head:
            same = known.get(edge.id)
            if same is not None and same.cls == f"edge {edge.cls}":
                return same
        x0, x1 = tail.x + tail.w, head.x
        y0, y1 = tail.middle, head.middle
        kind = edge.cls.partition(" ")[0]
        bus = (x0 + x1) / 2
        if kind == "owns":
            first = tail.y + SEAT_H / 2
            x0, y0 = x0 + 4, y1 if abs(first - y1) < SEAT_H / 2 else first
            bus = SEATS.x - 14
        elif kind == "provisions":
            bus = VOLUMES.right + 10 + lanes[edge.head] % 4 * 4
        path = elbow(x0, y0, bus, x1, y1)
        marks = (Stroke("link", (path,)),)
        return Placed(
            edge.id,
            f"edge {edge.cls}",
            min(x0, x1),
            min(y0, y1),
            abs(x1 - x0),
            abs(y1 - y0),
            marks,
            tail=edge.tail,
            head=edge.head,
        )


def _bottom(element: Placed) -> float:
    return element.y + element.h


def shape_of(element: Placed) -> Shape | None:
    """Return the shape that carries *element*: the end of its edges."""
    return next((mark for mark in element.marks if isinstance(mark, Shape)), None)
