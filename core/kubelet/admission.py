"""What the kubelet looks at once more before it takes a Pod: the scheduler was not asked about every one.

Who writes spec.nodeName goes past the scheduler; and what was free then may be taken now.
Source: pkg/kubelet/lifecycle/predicate.go; pkg/kubelet/kubelet.go rejectPod; pkg/scheduler
AdmissionCheck (v1.36).
Not modelled: extended resources, ephemeral storage, the operating system.
"""

from __future__ import annotations

from typing import NamedTuple

from core.api.hostports import host_ports, port_conflict
from core.api.nodeaffinity import matches_node
from core.api.resources import Usage, is_terminal, node_allocatable, pod_requests
from core.api.taints import find_untolerated_taint
from core.apimachinery.meta import Obj, name_of, uid_of
from core.client.cache import View

_RESOURCES = (("OutOfpods", "pods"), ("OutOfcpu", "cpu"), ("OutOfmemory", "memory"))


class Rejection(NamedTuple):
    """Why the Pod is refused. *reason*: of its status and its Event."""

    reason: str
    message: str


def rejection(view: View, pod: Obj, node: Obj) -> Rejection | None:
    """Return why *node*'s kubelet does not take *pod*, which is new there; None if it does."""
    full = _too_little(view, pod, node)
    if full is not None:
        return full
    if not matches_node(pod, node):
        return _predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    wanted = host_ports(pod)
    if wanted and port_conflict(wanted, _taken_before(view, pod, node)) is not None:
        return _predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    taints, tolerations = node["spec"].get("taints") or (), pod["spec"].get("tolerations") or ()
    if find_untolerated_taint(taints, tolerations, ("NoExecute",)) is not None:
        return _predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    return None


def _predicate(name: str, why: str) -> Rejection:
    return Rejection(name, f"Predicate {name} failed: {why}")


def _taken_before(view: View, pod: Obj, node: Obj) -> list[Obj]:
    """Return the Pods that the kubelet has taken already: of two new ones the first comes first."""
    return [
        other
        for other in view.indexed("pods-by-node", name_of(node))
        if "startTime" in (other.get("status") or {}) and uid_of(other) != uid_of(pod)
    ]


def _too_little(view: View, pod: Obj, node: Obj) -> Rejection | None:
    has, all_together = node_allocatable(node), view.usage(name_of(node))
    if all(used <= room for used, room in zip(all_together, has, strict=True)):
        return None  # with this Pod, and with those that are still to be looked at
    others = [pod_requests(other) for other in _taken_before(view, pod, node) if not is_terminal(other)]
    used = Usage(*map(sum, zip(*others, strict=True))) if others else Usage()
    for (reason, name), wanted, taken, room in zip(_RESOURCES, pod_requests(pod), used, has, strict=True):
        if wanted and taken + wanted > room:
            amounts = f"requested: {wanted}, used: {taken}, capacity: {room}"
            return Rejection(reason, f"Node didn't have enough resource: {name}, {amounts}")
    return None
