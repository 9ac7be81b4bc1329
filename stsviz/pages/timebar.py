"""The time bar: one tick for each write, by component, and under it the branch that a fork left.

Ticks of one column of the drawing become one, so that ten thousand revisions are drawn as a hundred are.
Events and the heartbeats of nodes have no place in it; their revisions have an address, as all have.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.cluster import Cluster, Origin
from core.past import Line, Past
from stsviz.pages.stage import stage_at
from stsviz.runtime import runtime

WIDTH = 1000  # units of the drawing, which is stretched to the page
COLUMNS = 500
KEPT = 40  # drawings of clusters
TALL, LOW = 6, 3  # units: a lane of the cluster's own track, and of the branch that it left

LANES = ("you", "sets", "volumes", "scheduler", "kubelet", "others")
_SETS = {
    "statefulset",
    "replicaset",
    "deployment",
    "daemonset",
    "replication",
    "disruption",
    "job",
    "cronjob",
}
_VOLUMES = {"persistentvolume", "attachdetach", "pvc-protection", "pv-protection", "ephemeral", "volume"}


def lane_of(actor: str, is_person: bool) -> int:
    """Return the place in LANES of a writer."""
    if is_person:
        return 0
    if "/" in actor:  # a provisioner calls itself by a domain
        return 2
    for lane, words in ((1, _SETS), (2, _VOLUMES)):
        if any(actor.startswith(word) for word in words):
            return lane
    return {"default-scheduler": 3, "kubelet": 4}.get(actor, 5)


def place_of(places: Sequence[Line], revision: int) -> int:
    """Return the place of the last write up to *revision*."""
    return max(0, bisect_right(places, revision, key=lambda line: line.revision) - 1)


def tracks(past: Past, lines: Sequence[Line], first: int, end: int) -> list[list[tuple[int, int]]]:
    """Return for each lane the runs of columns (first, number) that hold a write.

    The *lines* have the places from *first* on; there is room up to the place *end*.
    """
    filled: list[set[int]] = [set() for _ in LANES]
    lanes: dict[str, int] = {}
    for at, line in enumerate(lines[: end - first + 1], first):
        lane = lanes.get(line.actor)
        if lane is None:
            lane = lanes[line.actor] = lane_of(line.actor, past.is_person(line.actor))
        filled[lane].add(at * (COLUMNS - 1) // max(1, end))
    return [list(_runs(sorted(columns))) for columns in filled]


def _runs(columns: Sequence[int]) -> Iterable[tuple[int, int]]:
    start = 0
    for at in range(1, len(columns) + 1):
        if at == len(columns) or columns[at] != columns[at - 1] + 1:
            yield columns[start], at - start
            start = at


def paths(found: Sequence[Sequence[tuple[int, int]]], top: int, height: int) -> list[tuple[str, str]]:
    """Return (lane, SVG path) of each lane, one under another from *top*."""
    unit = WIDTH // COLUMNS
    out = []
    for at, runs in enumerate(found):
        y = top + at * (height + 1)
        path = "".join(f"M{x * unit} {y}h{n * unit}v{height}h-{n * unit}z" for x, n in runs)
        out.append((LANES[at], path))
    return out


@dataclass(frozen=True, slots=True)
class Branches:
    """A cluster's past, and that of the one which it was forked from, when that is still there."""

    past: Past
    origin: Origin | None
    left: Past | None

    @classmethod
    def of(cls, cluster: Cluster) -> Branches:
        origin = cluster.origin()
        left = None
        if origin is not None and origin.there:
            with suppress(KeyError):  # deleted a moment ago
                left = runtime.fresh(origin.name).cluster.past
        return cls(cluster.past, origin, left)

    @property
    def state(self) -> str:
        """All that the drawing depends on."""
        return f"{self.past.first}-{self.past.last}-{self.left.last if self.left else 0}"

    def drawing(self) -> dict[str, object]:
        """Return what the template needs."""
        places = self.past.told()
        newest = max(0, len(places) - 1)
        if self.left is None or self.origin is None:
            own = tracks(self.past, places, 0, newest)
            return {"newest": newest, "end": newest, "own": paths(own, 0, TALL), "height": _OWN}
        parted = place_of(places, self.origin.revision)
        left = self.left.told()
        left = left[bisect_right(left, self.origin.revision, key=lambda line: line.revision) :]
        # what is left of the other branch must not press this one together
        end = max(newest, parted + min(len(left), max(newest - parted, parted)))
        return {
            "newest": newest,
            "end": end,
            "own": paths(tracks(self.past, places, 0, end), 0, TALL),
            "left": paths(tracks(self.left, left, parted + 1, end), _OWN + 2, LOW),
            "beyond": max(0, len(left) - (end - parted)),
            "parted": parted * (COLUMNS - 1) // max(1, end) * (WIDTH // COLUMNS),
            "height": _OWN + 2 + len(LANES) * (LOW + 1),
        }


_OWN = len(LANES) * (TALL + 1)
_drawn: dict[str, tuple[Past, str, dict[str, object]]] = {}
_lock = threading.Lock()


@require_safe
def timebar(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the ticks, or with nothing when they are as `seen` says."""
    cluster = stage_at(name).driver.cluster
    branches = Branches.of(cluster)
    state = branches.state
    if request.GET.get("seen") == state:
        return HttpResponse(status=204)
    with _lock:
        known = _drawn.get(name)
        if known is None or known[:2] != (cluster.past, state):
            known = _drawn[name] = cluster.past, state, branches.drawing()
            while len(_drawn) > KEPT:
                del _drawn[next(iter(_drawn))]
    context = {"state": state, "last": cluster.past.last, "origin": branches.origin, "width": WIDTH}
    return render(request, "parts/timebar.html", {**known[2], **context, "name": name})
