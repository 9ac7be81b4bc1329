"""The scheduling queue's event handlers: which waiting Pods may be helped by which change.

Source: pkg/scheduler/eventhandlers.go, the plugins' EventsToRegister (v1.36).
Differs: why a Pod waits is read from its PodScheduled condition; the queue keeps no state of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.resources import is_terminal
from core.apimachinery.meta import Obj, Ref, annotations_of, condition_of, field, labels_of, ref_of
from core.client.cache import View
from core.client.component import Handler

_ROOM = (
    "Insufficient ",
    "Too many pods",
    "free ports",
    "ReadWriteOncePod",
    "anti-affinity rules",
    "topology spread",
)
"""Refusals that a Pod's going can lift."""
_NEIGHBOURS = ("pod affinity rules", "topology spread")
"""Refusals that a Pod's coming can lift."""
_VOLUMES = ("persistent volumes to bind", "node affinity", "unbound immediate")


def unscheduled(view: View) -> list[Ref]:
    return [ref_of(pod) for pod in view.indexed("unscheduled-pods", "")]


def _refused(view: View, *texts: str, among: str = "") -> list[Ref]:
    """Return the waiting Pods (*among* those of the index) that were refused with any of *texts*."""
    out = []
    for pod in view.indexed("unscheduled-pods", among):
        message = (condition_of(pod, "PodScheduled") or {}).get("message", "")
        if message and any(text in message for text in texts):
            out.append(ref_of(pod))
    return out


def on_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    node_before = old["spec"].get("nodeName") if old else None
    if new is not None and not new["spec"].get("nodeName"):
        # its own status is written by us: no reason to look again
        return [ref_of(new)] if old is None or _asks_anew(old, new) else ()
    if old is not None and node_before and (new is None or (is_terminal(new) and not is_terminal(old))):
        return _refused(view, *_ROOM)
    if new is not None and (not node_before or labels_of(old or {}) != labels_of(new)):
        return _refused(view, *_NEIGHBOURS, among="social")
    return ()


def _asks_anew(old: Obj, new: Obj) -> bool:
    return old["spec"] != new["spec"] or labels_of(old) != labels_of(new)


def on_claim(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    claim = new or old
    if claim is None or (old and new and _claim_state(old) == _claim_state(new)):
        return ()
    meta = claim["metadata"]
    pods = view.indexed("pods-by-claim", (meta.get("namespace", ""), meta["name"]))
    return [ref_of(pod) for pod in pods if not pod["spec"].get("nodeName")]


def _claim_state(claim: Obj) -> tuple[object, ...]:
    """What a Pod's placement depends on, of all that a claim says."""
    annotations, spec = annotations_of(claim), claim["spec"]
    return (
        spec.get("volumeName"),
        spec.get("storageClassName"),
        field(claim, "status.phase"),
        "deletionTimestamp" in claim["metadata"],
        annotations.get("pv.kubernetes.io/bind-completed"),
        annotations.get("volume.kubernetes.io/selected-node"),
    )


def on_volume(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return ()
    claim = new["spec"].get("claimRef")
    if claim is not None:
        if old is not None and old["spec"] == new["spec"] and labels_of(old) == labels_of(new):
            return ()
        pods = view.indexed("pods-by-claim", (claim.get("namespace", ""), claim.get("name", "")))
        return [ref_of(pod) for pod in pods if not pod["spec"].get("nodeName")]
    if field(new, "status.phase") != "Available":
        return ()
    if old is not None and field(old, "status.phase") == "Available" and old["spec"] == new["spec"]:
        return ()
    return _refused(view, *_VOLUMES)


def on_class(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return _refused(view, *_VOLUMES) if new is not None else ()


def on_node(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if old and new and _node_state(old) == _node_state(new):
        return ()  # a heartbeat
    # no node helps a Pod whose claims are not there
    return _refused(view, "no nodes available", "node(s)", *_ROOM)


def _node_state(node: Obj) -> tuple[object, ...]:
    return node["spec"], labels_of(node), field(node, "status.allocatable")


WATCHES: Mapping[str, Handler] = {
    "Pod": on_pod,
    "PersistentVolumeClaim": on_claim,
    "PersistentVolume": on_volume,
    "StorageClass": on_class,
    "Node": on_node,
}
