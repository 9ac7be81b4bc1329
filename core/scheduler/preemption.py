"""DefaultPreemption: which Pods of lower priority would have to go for this one, and how they are sent away.

Source: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, pkg/scheduler/framework/
preemption/{preemption,executor}.go, pkg/scheduler/util/utils.go (v1.36).
Differs: nodes are tried in their own order, not from a random one on. A Pod whose volumes are being bound is
no victim. A nominated Pod keeps room for itself, not host ports or claims.
Not modelled: extenders, groups of Pods.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from core.api.budgets import DISRUPTION_TARGET
from core.api.nominations import STILL_TERMINATING
from core.api.priorities import pod_priority
from core.api.resources import is_terminal
from core.apimachinery.labels import matches
from core.apimachinery.meta import (
    Obj,
    condition_of,
    field,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
    with_condition,
    without,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import Action, Delete, RecordEvent, UpdateStatus
from core.scheduler.filtering import trial
from core.scheduler.framework import Cycle, Reason
from core.scheduler.overlay import Overlay

_UNHELPFUL: Final = "Preemption is not helpful for scheduling"
_NOBODY: Final = Reason("No preemption victims found for incoming pod", "holds nobody of lower priority")
_REASON: Final = "PreemptionByScheduler"
_ENOUGH: Final = 100
"""So many nodes, or a tenth if that is more, are tried once one breaks no budget (DefaultPreemptionArgs)."""


class Candidate(NamedTuple):
    """A node and who would have to leave it, the most important first. *violations* of budgets."""

    node: str
    victims: Sequence[Obj]
    violations: int


class Attempt(NamedTuple):
    """What became of it: a candidate, or *text*, what FailedScheduling says after ``preemption: ``.

    *keeps*: the Pod stays nominated for the node it was nominated for.
    """

    candidate: Candidate | None = None
    text: str = ""
    keeps: bool = False


NOT_TRIED: Final = Attempt()


def preempt(cycle: Cycle, refused: Mapping[str, Sequence[Reason]], now: float) -> Attempt:
    """Look for a node on which *cycle*'s Pod fits once others are gone (Evaluator.Preempt).

    *refused*: node -> why it will not do, for every node; empty when a PreFilter refused them all.
    """
    if cycle.pod["spec"].get("preemptionPolicy") == "Never":
        return Attempt(text="not eligible due to preemptionPolicy=Never.", keeps=True)
    if _is_waiting_already(cycle, refused):
        return Attempt(text=STILL_TERMINATING, keeps=True)
    found: list[Candidate] = []
    counts: Counter[str] = Counter()
    for node in cycle.nodes:
        reasons = refused.get(name_of(node), ())
        if not reasons or not all(reason.resolvable for reason in reasons):
            counts[_UNHELPFUL] += 1
            continue
        outcome = select_victims(cycle, node, now)
        if not isinstance(outcome, Candidate):
            counts.update(reason.text for reason in outcome)
            continue
        found.append(outcome)
        if len(found) >= max(_ENOUGH, len(cycle.nodes) // 10) and not all(one.violations for one in found):
            break
    if found:
        return Attempt(pick_one_node(found, now))
    return Attempt(text=available(len(cycle.nodes), counts))


def available(total: int, counts: Mapping[str, int]) -> str:
    """Return FitError's text: each reason with the number of its nodes, sorted as text (so 10 before 2)."""
    items = sorted(f"{count} {text}" for text, count in counts.items() if count)
    return f"0/{total} nodes are available: {', '.join(items)}."


def _is_waiting_already(cycle: Cycle, refused: Mapping[str, Sequence[Reason]]) -> bool:
    """Say whether victims of an earlier preemption are still on their way out of the nominated node."""
    node = field(cycle.pod, "status.nominatedNodeName", "")
    reasons = refused.get(node, ())
    if not reasons or not all(reason.resolvable for reason in reasons):
        return False
    mine = pod_priority(cycle.pod)
    for pod in cycle.view.indexed("pods-by-node", node):
        if is_terminating(pod) and pod_priority(pod) < mine:
            condition = condition_of(pod, DISRUPTION_TARGET) or {}
            if (condition.get("status"), condition.get("reason")) == ("True", _REASON):
                return True
    return False


def select_victims(cycle: Cycle, node: Obj, now: float) -> Candidate | Sequence[Reason]:
    """Return the fewest Pods that must leave *node*, or why it will not do even without them.

    All of lower priority are taken away; then, the most important first and those that a budget protects
    before the others, each is put back if there is still room (SelectVictimsOnNode).
    """
    name, mine = name_of(node), pod_priority(cycle.pod)
    if not any(priority < mine for priority in cycle.view.priorities(name)):
        return (_NOBODY,)
    lower = [
        pod
        for pod in cycle.view.indexed("pods-by-node", name)
        if pod_priority(pod) < mine and not is_terminal(pod)
    ]
    if not lower:
        return (_NOBODY,)
    overlay = Overlay(cycle.view, lower)
    reasons = trial(Cycle(overlay, cycle.pod, cycle.wording), node)
    if reasons:
        return reasons
    lower.sort(key=lambda pod: _importance(pod, now))
    protected = _protected(lower, cycle.view.list("PodDisruptionBudget"))
    victims: list[Obj] = []
    violations = 0
    for pod in sorted(lower, key=lambda pod: uid_of(pod) not in protected):
        overlay.show(pod)
        if trial(Cycle(overlay, cycle.pod, cycle.wording), node):
            overlay.hide(pod)
            victims.append(pod)
            violations += uid_of(pod) in protected
    if not victims:
        return (_NOBODY,)
    victims.sort(key=lambda pod: _importance(pod, now))
    return Candidate(name, victims, violations)


def _importance(pod: Obj, now: float) -> tuple[int, float]:
    """Order Pods: higher priority first, then who has run longest (MoreImportantPod)."""
    return -pod_priority(pod), _started(pod, now)


def _started(pod: Obj, now: float) -> float:
    start = field(pod, "status.startTime")
    return seconds(start) if start else now


def _protected(pods: Sequence[Obj], budgets: Sequence[Obj]) -> set[str]:
    """Return the uids of those *pods* whose going breaks a budget, if they go in this order."""
    allowed = {uid_of(budget): field(budget, "status.disruptionsAllowed", 0) for budget in budgets}
    out: set[str] = set()
    for pod in pods if budgets else ():
        labels = labels_of(pod)
        for budget in budgets:
            selector = budget["spec"].get("selector")
            # here, unlike for an eviction, an empty selector selects nothing
            if not labels or not selector or not any(selector.values()):
                continue
            if namespace_of(budget) != namespace_of(pod) or not matches(selector, labels):
                continue
            if name_of(pod) in field(budget, "status.disruptedPods", {}):
                continue  # the API server has taken it off already
            allowed[uid_of(budget)] -= 1
            if allowed[uid_of(budget)] < 0:
                out.add(uid_of(pod))
    return out


def pick_one_node(candidates: Sequence[Candidate], now: float) -> Candidate:
    """Return the node where least is lost (pickOneNodeForPreemption)."""

    def loss(candidate: Candidate) -> tuple[int, int, int, int, float]:
        priorities = [pod_priority(pod) for pod in candidate.victims]
        highest = [pod for pod in candidate.victims if pod_priority(pod) == priorities[0]]
        return (
            candidate.violations,
            priorities[0],
            sum(priority + 2**31 for priority in priorities),  # two with -5 are more than one with -5
            len(priorities),
            -min(_started(pod, now) for pod in highest),
        )

    return min(candidates, key=loss)


def evictions(cycle: Cycle, candidate: Candidate, now: float) -> list[list[Action]]:
    """Return what is done about each victim that is not on its way out yet."""
    return [
        _evict(cycle.pod, pod, candidate.node, now) for pod in candidate.victims if not is_terminating(pod)
    ]


def _evict(preemptor: Obj, victim: Obj, node: str, now: float) -> list[Action]:
    scheduler = preemptor["spec"].get("schedulerName") or "default-scheduler"
    condition = {
        "type": DISRUPTION_TARGET,
        "observedGeneration": victim["metadata"].get("generation", 0),
        "status": "True",
        "lastProbeTime": None,
        "reason": _REASON,
        "message": f"{scheduler}: preempting to accommodate a higher priority pod",
    }
    conditions = with_condition(field(victim, "status.conditions", []), condition, timestamp(now))
    message = f"Preempted by pod {uid_of(preemptor)} on node {node}"
    return [
        UpdateStatus(replaced(victim, "status.conditions", conditions)),
        Delete(ref_of(victim), uid=uid_of(victim)),
        RecordEvent(
            victim, "Normal", "Preempted", message, modern=True, action="Preempting", related=preemptor
        ),
    ]


def displaced(cycle: Cycle, node: str) -> list[UpdateStatus]:
    """Take their nomination for *node* from Pods of lower priority: there will be no room for them."""
    mine = pod_priority(cycle.pod)
    return [
        UpdateStatus(without(pod, "status.nominatedNodeName"))
        for pod in cycle.nominated
        if pod["status"]["nominatedNodeName"] == node and pod_priority(pod) < mine
    ]
