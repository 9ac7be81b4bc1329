"""Rows at rest: taken over from the last picture while all that they were drawn from is the same.

Of 300 seats one changes at a time. A seat that is Ready, its claims and volumes Bound, says nothing about
what anybody waits for, so its row depends on a handful of objects, and comparing them costs a tenth of
drawing them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.api.classnames import class_name_of
from core.apimachinery.meta import Obj, name_of, namespace_of, uid_of
from core.client.cache import View
from core.diagram.census import Census
from core.diagram.elements import Edge, Node, Row
from core.diagram.facts import READY
from core.diagram.names import Parts
from core.storage.backend import backend_key


class Storage(NamedTuple):
    """A claim, its volume, and the files on it."""

    claim: Obj
    volume: Obj
    backend: str
    files: Sequence[Obj]

    def is_same(self, view: View) -> bool:
        claim, volume = self.claim, self.volume
        return (
            view.get("PersistentVolumeClaim", namespace_of(claim), name_of(claim)) is claim
            and view.get("PersistentVolume", "", name_of(volume)) is volume
            and view.list("VolumeFile", self.backend) == self.files
        )


class Resting(NamedTuple):
    """A row, what drawing it added to the graph, and what it was drawn from."""

    row: Row
    edges: Sequence[Edge]
    drawn: frozenset[str]
    classes: Mapping[str, None]
    pod: Obj
    storage: Sequence[Storage]
    words: object
    """What else it was drawn from: of the Service, the node, the roll-out and the seat's last Pod."""

    @classmethod
    def of(cls, row: Row, edges: Sequence[Edge], pod: Obj, words: object, view: View) -> Resting:
        """Return what to remember of *row*, which is at rest and was just drawn up with *edges*."""
        storage = _storage(row, view)
        ids = (node.id for chain in row.chains for node in chain if node is not None)
        names = (class_name_of(kept.volume) for kept in storage)
        drawn = frozenset((uid_of(pod), *ids))
        return cls(row, edges, drawn, dict.fromkeys(filter(None, names)), pod, storage, words)

    def is_same(self, view: View, pod: Obj, words: object) -> bool:
        return self.pod is pod and self.words == words and all(kept.is_same(view) for kept in self.storage)


@dataclass(slots=True)
class Memory:
    """What the last picture knew."""

    rows: dict[str, Resting] = field(default_factory=dict)
    """The rows at rest, by the seat's element id."""
    census: Census = field(default_factory=Census)
    counted: tuple[str | None, bool] = (None, False)
    """Of which namespace the census is, and whether it is good for the next picture."""
    slices: Parts = field(default_factory=dict)


def is_at_rest(row: Row) -> bool:
    """Tell whether *row* is Ready from its seat to its last volume, and nothing dark or shared is in it."""
    seat = row.seat
    return (
        seat is not None
        and seat.state == READY
        and seat.more != "machine-down"
        and all(
            chain.claim is not None
            and chain.volume is not None
            and chain.volume.ref is not None
            and chain.claim.state == chain.volume.state == READY
            for chain in row.chains
        )
    )


def _storage(row: Row, view: View) -> list[Storage]:
    found: list[Storage] = []
    for chain in row.chains:
        claim, volume = _shown(chain.claim, view), _shown(chain.volume, view)
        backend = backend_key(volume)
        found.append(Storage(claim, volume, backend, view.list("VolumeFile", backend)))
    return found


def _shown(node: Node | None, view: View) -> Obj:
    obj = view.get(*node.ref) if node is not None and node.ref is not None else None
    assert obj is not None, node
    return obj
