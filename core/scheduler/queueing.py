"""The scheduling queue's event handlers: which waiting Pods may be helped by which change.

Source: pkg/scheduler/eventhandlers.go, scheduler.go (buildQueueingHintMap), framework/events.go, the plugins'
EventsToRegister and queueing hints (v1.36).
Differs: why a Pod waits is read from its PodScheduled condition; the queue keeps no state of its own. A
volume that is some claim's wakes the Pods of that claim only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.nominations import awaits_victims, chosen_node
from core.api.priorities import pod_priority
from core.api.resources import is_terminal
from core.api.taints import find_untolerated_taint
from core.apimachinery.meta import Obj, Ref, condition_of, field, labels_of, ref_of
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
_VOLUMES = (
    "persistent volumes to bind",
    "PersistentVolume's node affinity",
    "volume node affinity",
    "unbound immediate",
    "persistentvolumeclaim",
    "non-existent pv(s)",
    "binding volumes",
)
"""Refusals of VolumeBinding: what happens to a claim or a volume can lift them."""
_LABELS = ("node affinity", "affinity rules", "topology spread", "volume zone", *_VOLUMES)
"""Refusals that a node's labels can lift."""
_CORDONED = "were unschedulable"
_TAINTED = "untolerated taint"


def unscheduled(view: View) -> list[Ref]:
    return _in_turn(view.indexed("unscheduled-pods", ""))


def _in_turn(pods: Iterable[Obj]) -> list[Ref]:
    """Return *pods* as the queue lets them out: by priority, then as they were refused (PrioritySort)."""
    return [ref_of(pod) for pod in sorted(pods, key=pod_priority, reverse=True)]


def _refused(view: View, *texts: str, among: str = "") -> list[Ref]:
    """Return the waiting Pods (*among* those of the index) that were refused with any of *texts*."""
    out = []
    for pod in view.indexed("unscheduled-pods", among):
        message = _refusal(pod)
        if message and any(text in message for text in texts):
            out.append(pod)
    return _in_turn(out)


def _refusal(pod: Obj) -> str:
    """Return why *pod* was refused when it was tried last, or ""."""
    message: str = (condition_of(pod, "PodScheduled") or {}).get("message", "")
    return message


def on_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    # a nominated Pod that goes leaves the room that was kept for it
    node_before = chosen_node(old) if old and (new is None or old["spec"].get("nodeName")) else None
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
    """Wake the claim's Pods, whatever changed in it: the hint asks only whether the Pod uses it."""
    claim = new or old
    if claim is None:
        return ()
    return _users(view, claim["metadata"].get("namespace", ""), claim["metadata"]["name"])


def _users(view: View, namespace: str, claim: str) -> list[Ref]:
    """Return the Pods of *claim* that have no node for the sake of a volume, or were not tried yet."""
    return [
        ref_of(pod)
        for pod in view.indexed("pods-by-claim", (namespace, claim))
        if not pod["spec"].get("nodeName") and _waits_for_volumes(pod)
    ]


def _waits_for_volumes(pod: Obj) -> bool:
    if field(pod, "status.nominatedNodeName") and not awaits_victims(pod):
        return False  # its volumes are being bound, and are looked at once a second
    message = _refusal(pod)
    return not message or any(text in message for text in _VOLUMES)


def on_volume(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return ()
    claim = new["spec"].get("claimRef")
    if claim is not None:
        return _users(view, claim.get("namespace", ""), claim.get("name", ""))
    return _refused(view, *_VOLUMES)


def on_class(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return _refused(view, *_VOLUMES) if new is not None else ()


def on_node(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return _refused(view, "topology spread")
    change = _NodeChange(old, new)
    if not change.matters:
        return ()  # a heartbeat, or a node that has just been cordoned
    helped = [pod for pod in view.indexed("unscheduled-pods", "") if change.may_help(pod)]
    return _in_turn(sorted(helped, key=_age))


def _age(pod: Obj) -> tuple[str, str]:
    """Order Pods by who was refused longest ago."""
    return pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]


class _NodeChange:
    """What became of a node, as the plugins are told (NodeSchedulingPropertiesChange)."""

    def __init__(self, old: Obj | None, new: Obj) -> None:
        self._old, self._new = old, new
        self._added = old is None
        self._opened = not _is_cordoned(new) and (old is None or _is_cordoned(old))
        self._tainted = old is not None and (self._opened or _taints(old) != _taints(new))
        self._labelled = old is not None and labels_of(old) != labels_of(new)
        self._resized = old is not None and field(old, "status.allocatable") != field(
            new, "status.allocatable"
        )

    @property
    def matters(self) -> bool:
        return self._added or self._tainted or self._labelled or self._resized

    def may_help(self, pod: Obj) -> bool:
        """Say whether a plugin that refused *pod* thinks that it is worth another try."""
        message = _refusal(pod)
        if not message:
            return False
        if self._opened and _CORDONED in message:
            return True
        if (self._added or self._tainted) and _TAINTED in message and self._is_tolerated_now(pod):
            return True
        if self._labelled and any(text in message for text in _LABELS):
            return True
        if self._resized and any(text in message for text in _ROOM):
            return True
        # Who registers for new nodes is told of every change of taints too (buildQueueingHintMap), and only
        # the two plugins above look closer then.
        return (self._added or self._tainted) and _is_refused_otherwise(message)

    def _is_tolerated_now(self, pod: Obj) -> bool:
        return not _is_repelled(pod, self._new) and (self._old is None or _is_repelled(pod, self._old))


def _is_refused_otherwise(message: str) -> bool:
    """Say whether *message* names a reason besides cordons and taints."""
    return any(text in message for text in (*_ROOM, *_LABELS, "no nodes available to schedule"))


def _is_repelled(pod: Obj, node: Obj) -> bool:
    tolerations = pod["spec"].get("tolerations") or ()
    return find_untolerated_taint(_taints(node), tolerations, ("NoSchedule", "NoExecute")) is not None


def _is_cordoned(node: Obj) -> bool:
    return bool(node["spec"].get("unschedulable"))


def _taints(node: Obj) -> list[Obj]:
    return node["spec"].get("taints") or []


WATCHES: Mapping[str, Handler] = {
    "Pod": on_pod,
    "PersistentVolumeClaim": on_claim,
    "PersistentVolume": on_volume,
    "StorageClass": on_class,
    "Node": on_node,
}
