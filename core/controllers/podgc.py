"""Pod garbage collector: remove the Pods for which no kubelet will ever answer, and too many ended ones.

Keys: a Node (its Pods), a Pod (terminating, never scheduled), and :data:`ENDED`, all ended Pods.
Source: pkg/controller/podgc/gc_controller.go (v1.36).
Differs: news instead of a beat of 20 s; the quarantine of a vanished node is the latency of all keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import (
    Obj,
    Ref,
    has_condition,
    is_terminating,
    name_of,
    ref_of,
    uid_of,
    with_condition,
)
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Action, Delete, Plan, UpdateStatus
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
QUARANTINE_SECONDS = 40.0
ENDED = Ref("Pod", "", "")

_ENDED_PHASES = ("Succeeded", "Failed")


class PodGCController:
    name = "pod-garbage-collector"
    process = "kube-controller-manager"
    latency = QUARANTINE_SECONDS
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._threshold = settings.terminated_pod_gc_threshold
        self.watches: Mapping[str, Handler] = {"Node": _node, "Pod": self._pod}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        lost = {
            Ref("Node", "", node)
            for pod in view.list("Pod")
            if (node := _node_of(pod)) and view.get("Node", "", node) is None
        }
        yield from sorted(lost)
        yield from (ref_of(pod) for pod in view.indexed("unscheduled-pods", "") if is_terminating(pod))
        yield from (ref_of(node) for node in view.list("Node") if _is_out_of_service(node))
        if self._too_many_ended(view):
            yield ENDED

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        if key == ENDED:
            return self._gc_terminated(view)
        if key.kind == "Node":
            return _gc_node(view, key, now)
        pod = view.get(*key)
        if pod is None or not is_terminating(pod) or _node_of(pod):
            return NOTHING
        return Plan(_fail_and_delete(pod, now), because="goes because it was deleted before it had a node")

    def _pod(self, view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
        if new is None:
            return ()
        node = _node_of(new)
        if node:
            if (old is None or not _node_of(old)) and view.get("Node", "", node) is None:
                return (Ref("Node", "", node),)
            if _has_ended(new) and not (old is not None and _has_ended(old)):
                return (ENDED,) if self._too_many_ended(view) else ()
            if is_terminating(new) and not (old is not None and is_terminating(old)):
                home = view.get("Node", "", node)
                return (ref_of(home),) if home is not None and _is_out_of_service(home) else ()
            return ()
        return (ref_of(new),) if is_terminating(new) else ()

    def _too_many_ended(self, view: View) -> bool:
        return len(view.indexed("ended-pods", "")) > self._threshold > 0

    def _gc_terminated(self, view: View) -> Plan:
        """Delete the oldest ended Pods above the threshold."""
        ended = [pod for pod in view.indexed("ended-pods", "") if not is_terminating(pod)]
        ended.sort(key=lambda pod: (pod["metadata"]["creationTimestamp"], name_of(pod)))
        surplus = ended[: max(0, len(ended) - self._threshold)]
        deletes = tuple(Delete(ref_of(pod), uid=uid_of(pod), grace_period_seconds=0) for pod in surplus)
        words = f"goes because more than {self._threshold} Pods have ended"
        return Plan(deletes, notes={ref_of(pod): words for pod in surplus})


def _node(_view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return (ref_of(old),) if old is not None else ()
    return (ref_of(new),) if _is_out_of_service(new) else ()


def _gc_node(view: View, key: Ref, now: float) -> Plan:
    node = view.get(*key)
    pods = view.indexed("pods-by-node", key.name)
    actions: list[Action] = []
    words = ""
    if node is None and view.live.get(*key) is None:
        # gcOrphaned: the node is gone, the API server says so too
        words = f"goes because its node {key.name} no longer exists"
        for pod in pods:
            actions += _fail_and_delete(pod, now, node_gone=True)
    elif node is not None and _is_out_of_service(node) and not has_condition(node, "Ready"):
        # gcTerminating: someone vouches that the node is down
        words = f"goes because its node {key.name} is out of service"
        pods = [pod for pod in pods if is_terminating(pod)]
        for pod in pods:
            actions += _fail_and_delete(pod, now)
    if not actions:
        return NOTHING
    return Plan(tuple(actions), notes={ref_of(pod): words for pod in pods})


def _fail_and_delete(pod: Obj, now: float, *, node_gone: bool = False) -> tuple[Action, ...]:
    """Source: markFailedAndDeletePodWithCondition. No kubelet is left to write the last phase."""
    delete = Delete(ref_of(pod), uid=uid_of(pod), grace_period_seconds=0)
    if _has_ended(pod):
        return (delete,)
    status = {**pod["status"], "phase": "Failed"}
    if node_gone:
        disrupted = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
        }
        if "generation" in pod["metadata"]:
            disrupted["observedGeneration"] = pod["metadata"]["generation"]
        status["conditions"] = with_condition(status.get("conditions") or [], disrupted, timestamp(now))
    return (UpdateStatus({**pod, "status": status}), delete)


def _node_of(pod: Obj) -> str:
    return pod["spec"].get("nodeName") or ""


def _has_ended(pod: Obj) -> bool:
    return pod["status"].get("phase") in _ENDED_PHASES


def _is_out_of_service(node: Obj) -> bool:
    return any(taint.get("key") == OUT_OF_SERVICE for taint in node["spec"].get("taints") or ())
