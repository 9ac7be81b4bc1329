"""Node lifecycle controller: notice nodes that have gone silent, taint them, and call their Pods not ready.

It knows a node only by its words: conditions and the age of the last heartbeat.
Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go, pkg/util/node/node.go,
pkg/controller/util/node/controller_utils.go (v1.36).
Differs: heartbeats are read from the Ready condition, there are no Leases.
Not modelled: the Event RegisteredNode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Final

from core.apimachinery.meta import Obj, Ref, condition_of, has_condition, name_of, ref_of, replaced, without
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import NOTHING, Action, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import View
from core.controllers.nodezones import NEVER, next_eviction
from core.sim.settings import Settings

NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
_UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"
_REPORTED: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
# condition type -> status -> key of the taint that goes with it
_CONDITION_TAINTS: Final = {
    "Ready": {"False": NOT_READY, "Unknown": UNREACHABLE},
    "MemoryPressure": {"True": "node.kubernetes.io/memory-pressure"},
    "DiskPressure": {"True": "node.kubernetes.io/disk-pressure"},
    "NetworkUnavailable": {"True": "node.kubernetes.io/network-unavailable"},
    "PIDPressure": {"True": "node.kubernetes.io/pid-pressure"},
}
_NO_SCHEDULE_KEYS: Final = frozenset(
    [_UNSCHEDULABLE, *(key for taints in _CONDITION_TAINTS.values() for key in taints.values())]
)
_NO_EXECUTE_KEYS: Final = frozenset((NOT_READY, UNREACHABLE))
_STOPPED: Final = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
_NEVER: Final = {"reason": "NodeStatusNeverUpdated", "message": "Kubelet never posted node status."}


class NodeLifecycleController:
    name = "node-controller"
    process = "kube-controller-manager"
    latency = 0.1  # the pass that taints for NoExecute runs ten times a second

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.grace_period = settings.node_monitor_grace_period
        self.resync_period = settings.node_monitor_period
        self.watches = {"Node": _node_changed, "Pod": _pod_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(node) for node in view.list("Node")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        node = view.get("Node", "", key.name)
        if node is None:
            return NOTHING
        silent_for = now - _last_heard(node)
        if silent_for > self.grace_period:
            conditions = _unknown_conditions(node, timestamp(now))
            if conditions is not None:
                # what follows from it, follows when this has been seen
                because = f"has not been heard from for {int(silent_for)} s"
                return Plan((UpdateStatus(replaced(node, "status.conditions", conditions)),), because=because)
            return self._follow_condition(view, node, now)
        plan = self._follow_condition(view, node, now)
        # a node that answers is looked at every few seconds anyway; one that has missed heartbeats is timed
        if silent_for > self.grace_period / 2 and not plan.actions:
            wait = self.grace_period - silent_for + 1.0
            return Plan(requeue_after=wait, because=plan.because or "has missed its heartbeats")
        return plan

    def _follow_condition(self, view: View, node: Obj, now: float) -> Plan:
        """Let taints, Pods and Events follow what the node's conditions say."""
        status = _ready_status(node)
        turn = self._turn(view, node, status)
        taints = _wanted_taints(node, status, timestamp(now), evict=turn <= now)
        old_taints: Sequence[Obj] = node["spec"].get("taints") or ()
        actions = _taint(node, taints)
        if status == "True":
            return Plan(tuple(actions))
        if not any(taint["key"] in _NO_EXECUTE_KEYS for taint in old_taints):
            # the first look at it since it was Ready
            message = f"Node {name_of(node)} status is now: NodeNotReady"
            actions.append(RecordEvent(node, "Normal", "NodeNotReady", message))
        actions += _mark_pods_not_ready(view, node, timestamp(now))
        because = "does not answer" if status == "Unknown" else "says that it is not ready"
        if not now < turn < NEVER:
            return Plan(tuple(actions), because=because)
        return Plan(
            tuple(actions), requeue_after=turn - now, because=f"{because}; another node is given up first"
        )

    def _turn(self, view: View, node: Obj, status: str) -> float:
        """Return when the Pods of *node* may be evicted: 0 at once, or NEVER as things are."""
        if status == "True":
            return NEVER
        nodes = view.list("Node")
        if not any(has_condition(node, "Ready") for node in nodes):
            return NEVER  # the fault is more likely here: nothing is evicted anywhere
        if any(
            t["effect"] == "NoExecute" and t["key"] in _NO_EXECUTE_KEYS
            for t in node["spec"].get("taints") or ()
        ):
            return 0.0  # it is given up already, be it for another reason
        return next_eviction(nodes, node, _NO_EXECUTE_KEYS, self._settings)


class NodeTaintController:
    """The node controller's other queue: taints for NoSchedule follow conditions and cordons at once."""

    name = "node-controller"
    process = "kube-controller-manager"
    latency = 0.004
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {"Node": _node_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(node) for node in view.list("Node")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        node = view.get("Node", "", key.name)
        if node is None:
            return NOTHING
        wanted = {(key, "NoSchedule") for key in _no_schedule_keys(node)}
        wanted |= {(key, "NoExecute") for key in _NO_EXECUTE_KEYS}  # those that are there: not its concern
        taints = _swapped(node, wanted, {pair for pair in wanted if pair[1] == "NoSchedule"}, timestamp(now))
        return Plan(tuple(_taint(node, taints)))


def _node_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return ()
    if old is not None and old["spec"] == new["spec"] and _said(old) == _said(new):
        return ()  # a heartbeat without news
    return (ref_of(new),)


def _said(node: Obj) -> list[tuple[str, str]]:
    return [(c["type"], c["status"]) for c in node.get("status", {}).get("conditions") or ()]


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Return the node of a Pod that says Ready on a node that is not."""
    node = view.get("Node", "", new["spec"].get("nodeName", "")) if new is not None else None
    if node is None or new is None or not node["spec"].get("taints"):
        return ()
    return (ref_of(node),) if _ready_status(node) != "True" and _ready_status(new) == "True" else ()


def _ready_status(obj: Obj) -> str:
    condition = condition_of(obj, "Ready")
    return str(condition["status"]) if condition is not None else "Unknown"


def _last_heard(node: Obj) -> float:
    condition = condition_of(node, "Ready") or {}
    return seconds(condition.get("lastHeartbeatTime") or node["metadata"]["creationTimestamp"])


def _unknown_conditions(node: Obj, stamp: str) -> list[Obj] | None:
    """Return the conditions of a node that has gone silent, or None when they say so already."""
    out = list(node.get("status", {}).get("conditions") or ())
    places = {condition["type"]: at for at, condition in enumerate(out)}
    changed = False
    for name in _REPORTED:
        if name not in places:
            born = node["metadata"]["creationTimestamp"]
            times = {"lastHeartbeatTime": born, "lastTransitionTime": stamp}
            out.append({"type": name, "status": "Unknown", **times, **_NEVER})
            changed = True
        elif out[places[name]]["status"] != "Unknown":
            said = out[places[name]]
            out[places[name]] = {**said, "status": "Unknown", "lastTransitionTime": stamp, **_STOPPED}
            changed = True
    return out if changed else None


def _wanted_taints(node: Obj, ready: str, stamp: str, *, evict: bool) -> Sequence[Obj]:
    """Return the taints that the conditions ask for and the user's own; the old list when it is right."""
    wanted = {(key, "NoSchedule") for key in _no_schedule_keys(node)}
    no_execute = {"False": NOT_READY, "Unknown": UNREACHABLE}.get(ready)
    if no_execute and evict:
        wanted.add((no_execute, "NoExecute"))
    return _swapped(node, wanted, wanted, stamp)


def _swapped(node: Obj, kept: Set[tuple[str, str]], added: Set[tuple[str, str]], stamp: str) -> Sequence[Obj]:
    """Return the user's taints, ours that are in *kept*, and what *added* lacks (SwapNodeControllerTaint)."""
    old: Sequence[Obj] = node["spec"].get("taints") or ()
    left = [taint for taint in old if not _is_ours(taint) or (taint["key"], taint["effect"]) in kept]
    there = {(taint["key"], taint["effect"]) for taint in left}
    new = [{"key": key, "effect": effect, "timeAdded": stamp} for key, effect in sorted(added - there)]
    return [*left, *new] if new or len(left) != len(old) else old


def _taint(node: Obj, taints: Sequence[Obj]) -> list[Action]:
    if list(taints) == list(node["spec"].get("taints") or ()):
        return []
    bare = without(node, "spec.taints")
    return [Update(replaced(bare, "spec.taints", taints) if taints else bare)]


def _no_schedule_keys(node: Obj) -> Iterable[str]:
    for condition in node.get("status", {}).get("conditions") or ():
        key = _CONDITION_TAINTS.get(condition["type"], {}).get(condition["status"])
        if key:
            yield key
    if node["spec"].get("unschedulable"):
        yield _UNSCHEDULABLE


def _is_ours(taint: Obj) -> bool:
    key, effect = taint["key"], taint["effect"]
    return (effect == "NoSchedule" and key in _NO_SCHEDULE_KEYS) or (
        effect == "NoExecute" and key in _NO_EXECUTE_KEYS
    )


def _mark_pods_not_ready(view: View, node: Obj, stamp: str) -> list[Action]:
    """Set Ready to False on the node's Pods, and nothing else: containers and phase stay as last reported."""
    actions: list[Action] = []
    for pod in view.indexed("pods-by-node", name_of(node)):
        if _ready_status(pod) != "True":
            continue
        conditions = [
            {**condition, "status": "False", "lastTransitionTime": stamp}
            if condition["type"] == "Ready"
            else condition
            for condition in pod["status"]["conditions"]
        ]
        actions.append(UpdateStatus(replaced(pod, "status.conditions", conditions)))
        actions.append(RecordEvent(pod, "Warning", "NodeNotReady", "Node is not ready"))
    return actions
