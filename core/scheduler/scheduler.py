"""kube-scheduler: choose a node for each Pod that has none, or say why no node will do.

Source: pkg/scheduler/schedule_one.go, eventhandlers.go (v1.36).
Differs: equal scores are decided by fewest Pods, then by name, not at random (ST-5.25); Pods that failed
are tried again at once when something relevant changes, and every five minutes.
Not modelled: priority and preemption, extenders, percentageOfNodesToScore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    Ref,
    field,
    is_terminating,
    name_of,
    namespace_of,
    replaced,
    uid_of,
    with_condition,
    without,
)
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Action, Bind, Plan, RecordEvent, UpdateStatus
from core.client.cache import View
from core.scheduler import queueing
from core.scheduler.framework import Cycle, NodeFilter, PreFilter, Reason, Refusal, Score
from core.scheduler.plugins import (
    interpodaffinity,
    nodeaffinity,
    nodeports,
    noderesources,
    nodeunschedulable,
    podtopologyspread,
    tainttoleration,
    volumebinding,
    volumerestrictions,
    volumezone,
)
from core.sim.settings import Settings

FILTERS: tuple[PreFilter, ...] = (
    nodeunschedulable.pre_filter,
    tainttoleration.pre_filter,
    nodeaffinity.pre_filter,
    nodeports.pre_filter,
    noderesources.pre_filter,
    volumerestrictions.pre_filter,
    volumebinding.pre_filter,
    volumezone.pre_filter,
    podtopologyspread.pre_filter,
    interpodaffinity.pre_filter,
)
"""In upstream's order: a node's first refusal is the one that is told."""

SCORES: tuple[tuple[int, Score], ...] = (
    (3, tainttoleration.score),
    (2, nodeaffinity.score),
    (2, podtopologyspread.score),
    (2, interpodaffinity.score),
    (1, noderesources.least_allocated),
    (1, noderesources.balanced_allocation),
)

FLUSH_SECONDS = 300.0
"""A Pod that nothing has woken is tried again after this time (podMaxInUnschedulablePodsDuration)."""
BACK_OFF_SECONDS = 10.0
"""After a failed binding of volumes (podMaxBackoffSeconds)."""


class Scheduler:
    name = "default-scheduler"
    process = "kube-scheduler"
    latency = 0.002
    watches = queueing.WATCHES
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._wording = settings.wording

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return queueing.unscheduled(view)

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        pod = view.get("Pod", key.namespace, key.name)
        if pod is None or pod["spec"].get("nodeName") or is_terminating(pod) or is_terminal(pod):
            return NOTHING
        spec = pod["spec"]
        if (spec.get("schedulerName") or self.name) != self.name:
            return Plan(because=f"waits for scheduler {spec['schedulerName']}, which does not run here")
        if spec.get("schedulingGates"):
            names = ", ".join(gate["name"] for gate in spec["schedulingGates"])
            return Plan(because=f"is held back by scheduling gate {names}")
        cycle = Cycle(view, pod, self._wording)
        nominated = field(pod, "status.nominatedNodeName", "")
        return self._wait_on_permit(cycle, nominated, now) if nominated else self._schedule(cycle, now)

    def _schedule(self, cycle: Cycle, now: float) -> Plan:
        if not cycle.nodes:
            return self._unschedulable(
                cycle, "no nodes available to schedule pods", "waits for a first node", now
            )
        filters: list[NodeFilter] = []
        for pre_filter in FILTERS:
            prepared = pre_filter(cycle)
            if isinstance(prepared, Refusal):
                head = f"0/{len(cycle.nodes)} nodes are available: {prepared.message}."
                message = f"{head} {self._post_filter(cycle)}"
                return self._unschedulable(cycle, message, prepared.words, now)
            if prepared is not None:
                filters.append(prepared)
        feasible: list[Obj] = []
        refused: dict[str, Sequence[Reason]] = {}
        for node in cycle.nodes:
            for filter_node in filters:
                reasons = filter_node(node)
                if reasons:
                    refused[name_of(node)] = reasons
                    break
            else:
                feasible.append(node)
        if not feasible:
            message = f"{fit_error(refused)} {self._post_filter(cycle, refused)}"
            return self._unschedulable(cycle, message, explain(refused), now)
        return self._assume(cycle, select_host(cycle, feasible), now)

    def _assume(self, cycle: Cycle, node: Obj, now: float) -> Plan:
        """Bind the Pod to *node*, or first have its delayed volumes bound for that node."""
        pod, name = cycle.pod, name_of(node)
        volumes = volumebinding.find_pod_volumes(cycle, volumebinding.pod_volume_claims(cycle), node)
        if not volumes.static and not volumes.dynamic:
            return self._bind(pod, name)
        nominated = replaced(pod, "status.nominatedNodeName", name)
        writes: list[Action] = [UpdateStatus(nominated), *volumebinding.pre_bind(volumes, name)]
        return Plan(tuple(writes), because=f"is to run on {name} once its volumes are bound there")

    def _wait_on_permit(self, cycle: Cycle, node: str, now: float) -> Plan:
        """Go on with a Pod whose volumes are being bound for *node*."""
        unbound = volumebinding.unbound_claims(cycle)
        if not unbound:
            return self._bind(cycle.pod, node)
        error = volumebinding.lost_binding(cycle, node)
        if not error:
            return Plan(
                because=f"is to run on {node} and waits for claim {', '.join(unbound)} to be bound there"
            )
        message = f'running PreBind plugin "VolumeBinding": binding volumes: {error}'
        words = f"must be placed anew: the volume of claim {unbound[0]} was not made for {node}"
        return self._unschedulable(cycle, message, words, now, after=BACK_OFF_SECONDS)

    def _bind(self, pod: Obj, node: str) -> Plan:
        message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
        bind = Bind(Ref("Pod", namespace_of(pod), name_of(pod)), uid_of(pod), node)
        return Plan((bind, self._event(pod, "Normal", "Scheduled", message, "Binding")))

    def _unschedulable(
        self, cycle: Cycle, message: str, words: str, now: float, *, after: float = FLUSH_SECONDS
    ) -> Plan:
        """Record the failure: an Event each time, the Pod's condition when it says something new."""
        pod = cycle.pod
        actions: list[Action] = []
        condition = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "False",
            "lastProbeTime": None,
            "reason": "Unschedulable" if after == FLUSH_SECONDS else "SchedulerError",
            "message": message,
        }
        old = field(pod, "status.conditions", [])
        conditions = with_condition(old, condition, timestamp(now))
        changed = without(pod, "status.nominatedNodeName")
        if conditions is not old:
            changed = replaced(changed, "status.conditions", conditions)
        if conditions is not old or field(pod, "status.nominatedNodeName"):
            actions.append(UpdateStatus(changed))
        actions.append(self._event(pod, "Warning", "FailedScheduling", message, "Scheduling"))
        # one Pod at a time: the next is looked at when this one's status has been written
        return Plan(tuple(actions), requeue_after=after, because=words, holds=True)

    def _event(self, pod: Obj, type_: str, reason: str, message: str, action: str) -> RecordEvent:
        return RecordEvent(pod, type_, reason, message, modern=True, action=action)

    def _post_filter(self, cycle: Cycle, refused: dict[str, Sequence[Reason]] | None = None) -> str:
        """Return what the preemption (and, in W35, the DRA) plugin adds. *refused* None: PreFilter failed."""
        if refused is None and cycle.wording == "W35":
            return "not found"
        prefix = "no new claims to deallocate, " if cycle.wording == "W35" else ""
        if cycle.pod["spec"].get("preemptionPolicy") == "Never":
            return f"{prefix}preemption: not eligible due to preemptionPolicy=Never."
        total = len(cycle.nodes)
        helpful = sum(all(r.resolvable for r in reasons) for reasons in (refused or {}).values())
        counts = {
            "Preemption is not helpful for scheduling": total - helpful,
            "No preemption victims found for incoming pod": helpful,
        }
        return f"{prefix}preemption: {_available(total, counts)}"


def fit_error(refused: dict[str, Sequence[Reason]]) -> str:
    """Return FitError's text: each reason with the number of its nodes, sorted as text (so 10 before 2)."""
    return _available(len(refused), Counter(r.text for reasons in refused.values() for r in reasons))


def _available(total: int, counts: dict[str, int]) -> str:
    items = sorted(f"{count} {text}" for text, count in counts.items() if count)
    return f"0/{total} nodes are available: {', '.join(items)}."


def explain(refused: dict[str, Sequence[Reason]]) -> str:
    """Return one clause: what is wrong with each node, nodes with the same trouble together."""
    groups: dict[str, list[str]] = {}
    for node, reasons in refused.items():
        groups.setdefault(" and ".join(reason.words for reason in reasons), []).append(node)
    clauses = [f"{_names(nodes)} {words}" for words, nodes in list(groups.items())[:3]]
    left = sum(len(nodes) for nodes in list(groups.values())[3:])
    more = f"; {left} more nodes will not do either" if left else ""
    return f"fits no node: {'; '.join(clauses)}{more}"


def _names(nodes: Sequence[str]) -> str:
    if len(nodes) > 3:
        return f"{nodes[0]} (like {len(nodes) - 1} others)"
    return nodes[0] if len(nodes) == 1 else f"each of {', '.join(nodes)}"


def select_host(cycle: Cycle, feasible: Sequence[Obj]) -> Obj:
    """Return the feasible node with the best score; among equals the one with fewest Pods, then by name."""
    if len(feasible) == 1:
        return feasible[0]
    totals = {name_of(node): 0 for node in feasible}
    for weight, score in SCORES:
        scores = score(cycle, feasible)
        for name, value in scores.items() if scores else ():
            totals[name] += weight * int(value)
    best = max(totals.values())
    equal = [node for node in feasible if totals[name_of(node)] == best]
    return min(equal, key=lambda node: (cycle.view.usage(name_of(node)).pods, name_of(node)))
