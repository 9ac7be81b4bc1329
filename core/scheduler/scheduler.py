"""kube-scheduler: choose a node for each Pod that has none, or say why no node will do.

Source: pkg/scheduler/schedule_one.go, eventhandlers.go (v1.36).
Differs: equal scores are decided by fewest Pods, then by name, not at random (ST-5.25); Pods that failed
are tried again at once when something relevant changes, and every five minutes.
Not modelled: extenders, percentageOfNodesToScore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.api.nominations import awaits_victims
from core.api.pauses import doubled
from core.api.priorities import pod_priority
from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    Ref,
    field,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
    with_condition,
    without,
)
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Action, Bind, Plan, RecordEvent, UpdateStatus, side_by_side
from core.client.cache import View
from core.scheduler import queueing
from core.scheduler.filtering import prepare, refusal
from core.scheduler.framework import Cycle, NodeFilter, Reason, Refusal, Score
from core.scheduler.overlay import Overlay
from core.scheduler.plugins import (
    interpodaffinity,
    nodeaffinity,
    noderesources,
    podtopologyspread,
    tainttoleration,
    volumebinding,
)
from core.scheduler.preemption import NOT_TRIED, Attempt, available, displaced, evictions, preempt
from core.sim.settings import Settings

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
BIND_POLL_SECONDS = 1.0
"""How often the bindings that a Pod waits for are looked at, and first after so long (BindPodVolumes)."""
_FAILED_BINDING = 'running PreBind plugin "VolumeBinding": binding volumes: '
BACK_OFF_SECONDS = (1.0, 10.0)
"""After a failed binding of volumes: at first, doubling, and at most (podInitialBackoffSeconds, podMax…)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a Pod got no node. *words*: for the page; *nominated*: the node that it stays nominated for."""

    message: str
    words: str
    nominated: str = ""
    attempt: Attempt = NOT_TRIED
    reason: str = "Unschedulable"


class Scheduler:
    name = "default-scheduler"
    process = "kube-scheduler"
    latency = 0.002
    assumes = True  # the assume caches of Pods, claims and volumes
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
        cycle = self._cycle(view, pod)
        nominated = field(pod, "status.nominatedNodeName", "")
        if nominated and (not awaits_victims(pod) or volumebinding.is_under_way(cycle, nominated)):
            return self._wait_on_permit(cycle, nominated, now)
        return self._schedule(cycle, nominated, now)

    def rank(self, view: View, key: Ref) -> int:
        """Return the place of a waiting Pod among others: the more important the lower (PrioritySort)."""
        pod = view.get("Pod", key.namespace, key.name)
        return -pod_priority(pod) if pod is not None else 0

    def _cycle(self, view: View, pod: Obj) -> Cycle:
        nominated = view.indexed("nominated-pods", "")
        if nominated:
            # room is kept for those that are at least as important
            mine, own = pod_priority(pod), uid_of(pod)
            view = Overlay(view, [n for n in nominated if uid_of(n) == own or pod_priority(n) < mine])
        return Cycle(view, pod, self._wording, nominated)

    def _schedule(self, cycle: Cycle, nominated: str, now: float) -> Plan:
        if not cycle.nodes:
            failure = Failure("no nodes available to schedule pods", "waits for a first node")
            return self._unschedulable(cycle, failure, now)
        filters = prepare(cycle)
        if isinstance(filters, Refusal):
            head = f"0/{len(cycle.nodes)} nodes are available: {filters.message}."
            failure = Failure(f"{head} {self._post_filter(cycle, None, now)[1]}", filters.words)
            return self._unschedulable(cycle, failure, now)
        node = cycle.view.get("Node", "", nominated) if nominated else None
        if node is not None and not refusal(filters, node):
            return self._assume(cycle, node, now)
        feasible, refused = _filtered(cycle, filters)
        if feasible:
            return self._assume(cycle, select_host(cycle, feasible), now)
        attempt, text = self._post_filter(cycle, refused, now)
        message = f"{fit_error(refused)} {text}".rstrip()
        keeps = nominated if attempt.keeps else ""
        return self._unschedulable(cycle, Failure(message, explain(refused), keeps, attempt), now)

    def _assume(self, cycle: Cycle, node: Obj, now: float) -> Plan:
        """Bind the Pod to *node*, or first have its delayed volumes bound for that node."""
        pod, name = cycle.pod, name_of(node)
        volumes = volumebinding.find_pod_volumes(cycle, volumebinding.pod_volume_claims(cycle), node)
        if not volumes.static and not volumes.dynamic:
            return self._bind(pod, name)
        nominated = replaced(pod, "status.nominatedNodeName", name)
        writes: list[Action] = [UpdateStatus(nominated), *volumebinding.pre_bind(volumes, name)]
        because = f"is to run on {name} once its volumes are bound there"
        # Upstream assumes what it is about to write; here the next Pod, which may want the same volume or
        # share the claim, waits until it is written.
        contended = volumes.static or volumebinding.is_shared(cycle, volumes.dynamic)
        holds = len(writes) if contended else 0
        return Plan(tuple(writes), requeue_after=BIND_POLL_SECONDS, because=because, holds=holds)

    def _wait_on_permit(self, cycle: Cycle, node: str, now: float) -> Plan:
        """Go on with a Pod whose volumes are being bound for *node*."""
        unbound = volumebinding.unbound_claims(cycle)
        if not unbound:
            return self._bind(cycle.pod, node)
        error = volumebinding.lost_binding(cycle, node)
        if not error:
            words = f"is to run on {node} and waits for claim {', '.join(unbound)} to be bound there"
            return Plan(requeue_after=BIND_POLL_SECONDS, because=words)
        message = f"{_FAILED_BINDING}{error}"
        words = f"must be placed anew: the volume of claim {unbound[0]} was not made for {node}"
        return self._unschedulable(cycle, Failure(message, words, reason="SchedulerError"), now)

    def _bind(self, pod: Obj, node: str) -> Plan:
        message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
        bind = Bind(Ref("Pod", namespace_of(pod), name_of(pod)), uid_of(pod), node)
        return Plan((bind, self._event(pod, "Normal", "Scheduled", message, "Binding")))

    def _unschedulable(self, cycle: Cycle, failure: Failure, now: float) -> Plan:
        """Record the failure: an Event each time, the Pod's condition when it says something new.

        With a candidate for preemption, nominate the Pod for its node and send the victims away.
        """
        pod, candidate = cycle.pod, failure.attempt.candidate
        condition = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "False",
            "lastProbeTime": None,
            "reason": failure.reason,
            "message": failure.message,
        }
        old = field(pod, "status.conditions", [])
        conditions = with_condition(old, condition, timestamp(now))
        before, node = field(pod, "status.nominatedNodeName", ""), failure.nominated
        if candidate is not None:
            node = candidate.node
        changed = replaced(pod, "status.nominatedNodeName", node) if node else pod
        if before and not node:
            changed = without(pod, "status.nominatedNodeName")
        if conditions is not old:
            changed = replaced(changed, "status.conditions", conditions)
        actions: list[Action] = []
        if conditions is not old or before != node:
            actions.append(UpdateStatus(changed))
        actions.append(self._event(pod, "Warning", "FailedScheduling", failure.message, "Scheduling"))
        after = _back_off(cycle) if failure.reason == "SchedulerError" else FLUSH_SECONDS
        if candidate is None:
            # one Pod at a time: the next is looked at when this one's status has been written
            return Plan(tuple(actions), requeue_after=after, because=failure.words, holds=1)
        actions += displaced(cycle, node)
        going, together = side_by_side(evictions(cycle, candidate, now), len(actions))
        victims = ", ".join(name_of(victim) for victim in candidate.victims)
        return Plan(
            (*actions, *going),
            requeue_after=after,
            because=f"is to run on {node} once {victims} of lower priority made room there",
            notes={
                ref_of(one): f"makes room for {name_of(pod)} of higher priority" for one in candidate.victims
            },
            together=frozenset(together),
            holds=1,
        )

    def _event(self, pod: Obj, type_: str, reason: str, message: str, action: str) -> RecordEvent:
        return RecordEvent(pod, type_, reason, message, modern=True, action=action)

    def _post_filter(
        self, cycle: Cycle, refused: dict[str, Sequence[Reason]] | None, now: float
    ) -> tuple[Attempt, str]:
        """Return what preemption came to, and what it (and, in W35, the DRA plugin) adds to the message.

        *refused* None: a PreFilter failed.
        """
        if refused is None and cycle.wording == "W35":
            return NOT_TRIED, "not found"
        attempt = preempt(cycle, refused or {}, now)
        if attempt.candidate is not None:
            return attempt, ""
        prefix = "no new claims to deallocate, " if cycle.wording == "W35" else ""
        return attempt, f"{prefix}preemption: {attempt.text}"


def _filtered(cycle: Cycle, filters: Sequence[NodeFilter]) -> tuple[list[Obj], dict[str, Sequence[Reason]]]:
    """Return the nodes that will do, and why each of the others will not."""
    feasible: list[Obj] = []
    refused: dict[str, Sequence[Reason]] = {}
    for node in cycle.nodes:
        reasons = refusal(filters, node)
        if reasons:
            refused[name_of(node)] = reasons
        else:
            feasible.append(node)
    return feasible, refused


def _back_off(cycle: Cycle) -> float:
    """Return the pause after a failed binding, longer with each that the Pod's Events tell of."""
    told = cycle.view.indexed("events-by-involved", uid_of(cycle.pod))
    failed = [event for event in told if event["message"].startswith(_FAILED_BINDING)]
    times: int = sum((event.get("series") or {}).get("count", 1) for event in failed)
    return doubled(times, *BACK_OFF_SECONDS)


def fit_error(refused: dict[str, Sequence[Reason]]) -> str:
    """Return FitError's text: each reason with the number of its nodes, sorted as text (so 10 before 2)."""
    return available(len(refused), Counter(r.text for reasons in refused.values() for r in reasons))


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
