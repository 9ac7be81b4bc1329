"""Swim lanes of a set, the second view of the stage: drawn once a revision, for some ordinals at most."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.apimachinery.meta import Obj, Ref
from core.diagram.lanes import Lane, axis, lane
from core.diagram.lanesvg import svg
from core.past import Past
from stsviz.pages.forks import looked_at
from stsviz.pages.stage import stage_at
from stsviz.pages.timeline import clock

MOST = 16  # ordinals shown
KEPT = 24  # drawings
LONGEST = 600  # writes of one object that are read: of an older one the beginning is left out

LEGEND = (  # class, words
    ("pending-expected", "Pending"),
    ("unready", "not Ready"),
    ("ready", "Ready, Bound"),
    ("terminating", "Terminating"),
)

_drawn: dict[tuple[str, str], tuple[tuple[object, ...], dict[str, object]]] = {}
_lock = threading.Lock()


@require_safe
def lanes(request: HttpRequest, name: str) -> HttpResponse:
    """Show who sat in the seats of a set: of `set` (namespace/name), else of the first. Raises: ApiError."""
    cluster = stage_at(name).driver.cluster
    past, at = cluster.past, looked_at(request)
    if at is not None:
        past.check(at)
    if request.GET.get("seen") == str(past.last) and not at:
        return HttpResponse(status=204)
    sets = sorted(past.refs("StatefulSet"), key=lambda ref: past.lines_of(ref)[0].revision)
    wanted = request.GET.get("set", "")
    chosen = next((ref for ref in sets if f"{ref.namespace}/{ref.name}" == wanted), sets[0] if sets else None)
    context: dict[str, object] = {"name": name, "sets": sets, "chosen": chosen, "legend": LEGEND}
    if chosen is not None:
        state = past, past.last, at
        with _lock:
            known = _drawn.get((name, wanted))
            if known is None or known[0] != state:
                known = _drawn[name, wanted] = state, drawing(past, chosen, cluster.started, cluster.now, at)
                while len(_drawn) > KEPT:
                    del _drawn[next(iter(_drawn))]
        context |= known[1]
    context["last"] = past.last
    return render(request, "parts/lanes.html" if "HX-Request" in request.headers else "lanes.html", context)


def drawing(past: Past, chosen: Ref, started: float, now: float, at: int | None) -> dict[str, object]:
    """Return the drawing of the set *chosen*, and how many ordinals it leaves out."""
    pods = _seats(past, chosen)
    lives = Counter({pod: sum(line.type == "ADDED" for line in past.lines_of(pod)) for pod in pods})
    shown = sorted(sorted(pods, key=lambda pod: (lives[pod] < 2, _ordinal(pod)))[:MOST], key=_ordinal)
    claims = {pod: _claims(past, chosen, pod) for pod in shown}
    read = _read(past, [*shown, *(ref for refs in claims.values() for ref in refs)])
    volumes = {
        Ref("PersistentVolume", "", obj["spec"]["volumeName"])
        for refs in claims.values()
        for ref in refs
        for _, _, obj in read[ref]
        if obj["spec"].get("volumeName")
    }
    read |= _read(past, list(volumes))
    found: list[Lane] = [lane(pod, claims[pod], lambda ref: read.get(ref, []), now) for pod in shown]
    line = past.lines(at - 1)[0] if at else None
    left_out = len(pods) - len(shown)
    return {
        "cut": bool(axis(found).cuts),
        "svg": svg(found, lambda time: clock(time - started), line.at if line else None),
        "left_out": left_out,
        "shown": len(shown),
        "once": left_out > 0 and all(lives[pod] < 2 for pod in pods if pod not in claims),
    }


def _ordinal(pod: Ref) -> int:
    return int(pod.name.rpartition("-")[2])


def _seats(past: Past, chosen: Ref) -> list[Ref]:
    """Return the Pods that the history knows of the set."""
    name = re.compile(re.escape(chosen.name) + r"-(0|[1-9][0-9]*)")
    return [ref for ref in past.refs("Pod") if ref.namespace == chosen.namespace and name.fullmatch(ref.name)]


def _claims(past: Past, chosen: Ref, pod: Ref) -> list[Ref]:
    """Return the claims of the seat *pod*, by the templates that its set has had."""
    states = past.states(past.lines_of(chosen)[-1:])
    templates = [t for obj in states.values() for t in obj["spec"].get("volumeClaimTemplates") or ()]
    found = [
        Ref("PersistentVolumeClaim", pod.namespace, f"{t['metadata']['name']}-{pod.name}") for t in templates
    ]
    return [ref for ref in found if past.lines_of(ref)]


def _read(past: Past, refs: Sequence[Ref]) -> dict[Ref, list[tuple[float, str, Obj]]]:
    """Return the writes of *refs*, oldest first, with what was written."""
    lines = {ref: past.lines_of(ref)[-LONGEST:] for ref in refs}
    states = past.states([line for found in lines.values() for line in found])
    return {
        ref: [(line.at, line.type, states[line.revision]) for line in found if line.revision in states]
        for ref, found in lines.items()
    }
