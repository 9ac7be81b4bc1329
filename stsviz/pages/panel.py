"""The panel of the selected thing: why it is so, what it kept and what changed, what to do, YAML, Events."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from core.apimachinery.meta import Obj, Ref
from core.apimachinery.timestamps import seconds
from core.client.cache import View
from core.cluster import Cluster
from core.past import Moment, Past
from stsviz.pages import commands, menu, reasons, seat
from stsviz.pages.timeline import clock

MOST_EVENTS = 12


def render(
    cluster: Cluster | Moment, element: str, ref: Ref | None, folded: str = "", past: Past | None = None
) -> str:
    """Return the panel's HTML for the element *element* of the picture, which stands for *ref*.

    A range of ordinals stands for no object: *folded* says what is in it. *past*: of the cluster of
    a Moment.
    """
    if ref is None:
        context = {"name": cluster.name, "element": element, "gone": True, "folded": folded}
        return render_to_string("parts/panel.html", context)
    with cluster.reading() as view:
        context = _context(cluster, view, ref)
    if ref.kind == "Pod":
        known = cluster.past if isinstance(cluster, Cluster) else past
        started = float(cluster.started)
        context["holders"] = seat.holders(known, ref, started, cluster.revision) if known else []
    context |= {"name": cluster.name, "element": element}
    return render_to_string("parts/panel.html", context)


def _context(cluster: Cluster | Moment, view: View, ref: Ref) -> dict[str, Any]:
    obj = view.get(*ref)
    last = obj or cluster.tombstones.get(ref)
    events = view.indexed("events-by-involved", last["metadata"]["uid"]) if last else []
    newest = sorted(events, key=_revision, reverse=True)[:MOST_EVENTS]
    return {
        **reasons.reasons(cluster, view, ref, last, newest),
        **seat.card(cluster, view, ref),
        "ref": ref,
        "kind": ref.kind,
        "uid": obj["metadata"]["uid"] if obj else "",
        "events": [_told(event, float(cluster.started)) for event in newest],
        "entries": menu.rows(obj),
        "what": "/".join(ref),
        "writable": commands.holds_files(ref, obj),
        "path": _new_path(ref, obj),
        "files": seat.files(cluster, ref, obj),
    }


def _revision(obj: Obj) -> int:
    return int(obj["metadata"].get("resourceVersion", 0))


def _told(event: Obj, started: float) -> dict[str, Any]:
    at = clock(seconds(event["lastTimestamp"]) - started) if event.get("lastTimestamp") else ""
    return {"at": at, **event}


def _new_path(ref: Ref, obj: Obj | None) -> str:
    if obj is not None and ref.kind == "Pod":
        return commands.mount_path(obj).rstrip("/") + "/index.html"
    return "index.html"
