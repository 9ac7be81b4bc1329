"""Taint eviction controller: delete the Pods that do not tolerate their node's NoExecute taints, in time.

Source: pkg/controller/tainteviction/taint_eviction.go, timed_workers.go (v1.36).
Differs: when a Pod must go follows from the taint's ``timeAdded`` and the moment the Pod was scheduled;
upstream counts from when it first saw them together, and forgets that at a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from core.api.taints import tolerates
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    field,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
    with_condition,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import NOTHING, Delete, Plan, RecordEvent, UpdateStatus
from core.client.cache import View
from core.sim.settings import Settings

# key of a Pod whose eviction was under way when its node lost the taint: there is nothing to see of that
# in the Pod, so the key itself has to say it
CANCELLED: Final = "CancelledEviction"
_NEVER: Final = float("inf")
_DISRUPTION: Final = {
    "type": "DisruptionTarget",
    "status": "True",
    "lastProbeTime": None,
    "reason": "DeletionByTaintManager",
    "message": "Taint manager: deleting due to NoExecute taint",
}


class TaintEvictionController:
    name = "taint-eviction-controller"
    process = "kube-controller-manager"
    latency = 0.1
    resync_period = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {"Node": _node_changed, "Pod": _pod_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        tainted = [node for node in view.list("Node") if _no_execute(node)]
        return [ref_of(pod) for node in tainted for pod in view.indexed("pods-by-node", name_of(node))]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        pod = view.get("Pod", key.namespace, key.name)
        node = view.get("Node", "", pod["spec"].get("nodeName", "")) if pod is not None else None
        if pod is None or node is None or is_terminating(pod):
            return NOTHING
        taints = _no_execute(node)
        if not taints:
            cancelled = _event(pod, f"Cancelling deletion of Pod {key.namespace}/{key.name}")
            return Plan((cancelled,)) if key.kind == CANCELLED else NOTHING
        deadline = _deadline(pod, taints)
        if deadline == _NEVER:
            return NOTHING
        if now < deadline:
            because = f"is evicted from {name_of(node)} in {int(deadline - now)} s unless the taint goes"
            return Plan(requeue_after=deadline - now, because=because)
        return _evict(pod, node, now)


def _node_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return ()
    before, after = _no_execute(old) if old is not None else [], _no_execute(new)
    if before == after:
        return ()
    pods = view.indexed("pods-by-node", name_of(new))
    if after:
        return [ref_of(pod) for pod in pods]
    return [
        Ref(CANCELLED, namespace_of(pod), name_of(pod))
        for pod in pods
        if not is_terminating(pod) and _deadline(pod, before) != _NEVER
    ]


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    node_name = new["spec"].get("nodeName") if new is not None else None
    if new is None or not node_name or is_terminating(new):
        return ()
    if old is not None and old["spec"] is new["spec"]:
        return ()
    node = view.get("Node", "", node_name)
    return (ref_of(new),) if node is not None and _no_execute(node) else ()


def _no_execute(node: Obj) -> list[Obj]:
    return [taint for taint in node["spec"].get("taints") or () if taint["effect"] == "NoExecute"]


def _deadline(pod: Obj, taints: Sequence[Obj]) -> float:
    """Return when *pod* has to go: the first of its deadlines; at once for a taint it does not tolerate."""
    scheduled = condition_of(pod, "PodScheduled") or {}
    arrived = seconds(scheduled.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])
    deadline = _NEVER
    for taint in taints:
        for toleration in pod["spec"].get("tolerations") or ():
            if tolerates(toleration, taint):
                break
        else:
            return 0.0
        patience = toleration.get("tolerationSeconds")
        if patience is not None:
            added = seconds(taint["timeAdded"]) if taint.get("timeAdded") else 0.0
            deadline = min(deadline, max(added, arrived) + max(patience, 0))
    return deadline


def _evict(pod: Obj, node: Obj, now: float) -> Plan:
    where = f"{namespace_of(pod)}/{name_of(pod)}"
    condition = {**_DISRUPTION, "observedGeneration": pod["metadata"].get("generation", 0)}
    conditions = with_condition(field(pod, "status.conditions", []), condition, timestamp(now))
    return Plan(
        (
            _event(pod, f"Marking for deletion Pod {where}"),
            UpdateStatus(replaced(pod, "status.conditions", conditions)),
            Delete(ref_of(pod), uid=uid_of(pod)),
        ),
        because=f"is evicted: it does not tolerate a taint of {name_of(node)} any longer",
    )


def _event(pod: Obj, message: str) -> RecordEvent:
    """The Event names the Pod but not its uid, as upstream's does: the next Pod of the name counts it up."""
    meta = {"namespace": namespace_of(pod), "name": name_of(pod)}
    nameless = {"apiVersion": "v1", "kind": "Pod", "metadata": meta}
    return RecordEvent(nameless, "Normal", "TaintManagerEviction", message)
