"""Disruption controller: how many of a budget's Pods are healthy, and how many may be evicted.

Source: pkg/controller/disruption/disruption.go (v1.36).
Differs: when several budgets select a Pod, a change of it has all of them looked at; upstream picks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from core.api.budgets import (
    DISRUPTION_TARGET,
    SYNC_FAILED,
    budgets_of,
    condition_is_up_to_date,
    with_allowed_condition,
    with_sync_condition,
)
from core.api.kinds import BY_KIND
from core.api.resources import is_terminal
from core.apimachinery.labels import matches
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    controller_of,
    field,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
    with_condition,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.apimachinery.validation import quoted
from core.client.actions import NOTHING, Action, Plan, RecordEvent, UpdateStatus
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

DELETION_TIMEOUT = 120.0
STALE_TIMEOUT = 120.0

_SCALABLE = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
_EVENTS_FROM = "controllermanager"
_UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result,"
    " the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To"
    ' account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
)


class CountError(Exception):
    """How many Pods there should be cannot be told; its text goes into the budget's condition."""


class DisruptionController:
    """Its keys are budgets, and Pods of which it has something to say or a mark to take back."""

    name = "disruption-controller"
    process = "kube-controller-manager"
    latency = 0.01
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {"PodDisruptionBudget": _of_budget, "Pod": _of_pod}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        yield from (ref_of(budget) for budget in view.list("PodDisruptionBudget"))
        yield from (ref_of(pod) for pod in view.list("Pod") if _is_marked(pod))

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        obj = view.get(*key)
        if obj is None:
            return NOTHING
        return _sync_pod(view, obj, now) if key.kind == "Pod" else _sync_budget(view, obj, now)


def _of_budget(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None else ()


def _of_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    pod = new or old
    if pod is None:
        return ()
    refs = [ref_of(budget) for budget in budgets_of(_budgets(view, pod), pod)]
    if new is not None and (len(refs) > 1 or _is_marked(new)):
        refs.append(ref_of(new))
    return refs


def _budgets(view: View, pod: Obj) -> list[Obj]:
    return view.list("PodDisruptionBudget", namespace_of(pod))


def _event(regarding: Obj, kind: str, reason: str, message: str) -> RecordEvent:
    return RecordEvent(regarding, kind, reason, message, component=_EVENTS_FROM)


# -- a budget --------------------------------------------------------------------------------------


def _sync_budget(view: View, budget: Obj, now: float) -> Plan:
    pods = _pods_of(view, budget)
    events: list[Action] = []
    if not pods:
        events.append(_event(budget, "Normal", "NoPods", "No matching pods found"))
    try:
        expected, desired, unmanaged = expected_pods(view, budget, pods)
    except CountError as error:
        message = f"Failed to calculate the number of expected pods: {error}"
        events.append(_event(budget, "Warning", "CalculateExpectedPodCountFailed", message))
        return _fail_safe(budget, str(error), events, now)
    if unmanaged:
        text = _UNMANAGED.format(_go_selector(budget["spec"].get("selector")))
        events.append(_event(budget, "Warning", "UnmanagedPods", text))
    disrupted, late, recheck = _disrupted(budget, pods, now)
    events += late
    healthy = sum(_is_healthy(pod) and name_of(pod) not in disrupted for pod in pods)
    allowed = max(healthy - desired, 0) if expected > 0 else 0
    counts = {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "disruptionsAllowed": allowed,
    }
    return Plan(
        (*events, *_status_write(budget, counts, disrupted, now)),
        requeue_after=recheck - now if recheck is not None else None,
        because=_because(counts),
    )


def _because(counts: Mapping[str, int]) -> str:
    allowed, healthy, desired = (
        counts[name] for name in ("disruptionsAllowed", "currentHealthy", "desiredHealthy")
    )
    pods = f"{healthy} {'Pod is' if healthy == 1 else 'Pods are'} healthy and {desired} must be"
    if not allowed:
        return f"{pods}: none may be evicted"
    return f"{pods}: {allowed} may be evicted"


def _pods_of(view: View, budget: Obj) -> list[Obj]:
    selector, namespace = budget["spec"].get("selector"), namespace_of(budget)
    if selector is None:
        return []
    equal = selector.get("matchLabels")
    if equal:
        candidates = view.indexed("labelled", ("Pod", namespace, *min(equal.items())))
    else:
        candidates = view.list("Pod", namespace)
    return [pod for pod in candidates if matches(selector, labels_of(pod))]


def _is_healthy(pod: Obj) -> bool:
    ready = condition_of(pod, "Ready")
    return not is_terminating(pod) and ready is not None and ready["status"] == "True"


def _disrupted(
    budget: Obj, pods: list[Obj], now: float
) -> tuple[dict[str, str], list[RecordEvent], float | None]:
    """Return the Pods whose eviction was promised and is still to come, with the time of the promise.

    Also what is to be said of those that were not deleted in time, and when to look again (epoch seconds).
    """
    promised = budget["status"].get("disruptedPods") or {}
    kept: dict[str, str] = {}
    late: list[RecordEvent] = []
    recheck: float | None = None
    for pod in pods:
        stamp = promised.get(name_of(pod))
        if stamp is None or is_terminating(pod):
            continue
        deadline = seconds(stamp) + DELETION_TIMEOUT
        if deadline < now:
            # upstream names the namespace twice
            where = f"{namespace_of(budget)}/{namespace_of(budget)}"
            message = f"Pod was expected by PDB {where} to be deleted but it wasn't"
            late.append(_event(pod, "Warning", "NotDeleted", message))
            continue
        kept[name_of(pod)] = stamp
        recheck = min(recheck, deadline) if recheck is not None else deadline
    # strictly after the deadline
    return kept, late, recheck + 0.001 if recheck is not None else None


def _status_write(
    budget: Obj, counts: Mapping[str, int], disrupted: dict[str, str], now: float
) -> tuple[UpdateStatus, ...]:
    status, generation = budget["status"], budget["metadata"]["generation"]
    if (
        all(status.get(name) == value for name, value in counts.items())
        and (status.get("disruptedPods") or {}) == disrupted
        and status.get("observedGeneration") == generation
        and condition_is_up_to_date(budget)
    ):
        return ()
    new = {"observedGeneration": generation, **counts, "conditions": status.get("conditions") or []}
    if disrupted:
        new["disruptedPods"] = disrupted
    return (UpdateStatus({**budget, "status": with_allowed_condition(new, timestamp(now))}),)


def _fail_safe(budget: Obj, why: str, events: list[Action], now: float) -> Plan:
    """Allow nothing while nobody knows how many Pods there should be."""
    status = {**budget["status"], "disruptionsAllowed": 0}
    status = with_sync_condition(status, False, SYNC_FAILED, why, timestamp(now))
    because = f"allows no eviction: {why}"
    if status == budget["status"]:
        return Plan(tuple(events), because=because)
    return Plan((*events, UpdateStatus({**budget, "status": status})), because=because)


# -- how many there should be ----------------------------------------------------------------------


def expected_pods(view: View, budget: Obj, pods: list[Obj]) -> tuple[int, int, list[str]]:
    """Return how many Pods there should be, how many must be healthy, and the names of those nobody owns.

    Raises: CountError.
    """
    spec = budget["spec"]
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    if most is not None:
        expected, unmanaged = _expected_scale(view, pods)
        return expected, max(expected - _scaled(most, expected), 0), unmanaged
    if isinstance(least, str):
        expected, unmanaged = _expected_scale(view, pods)
        return expected, _scaled(least, expected), unmanaged
    if least is not None:
        return len(pods), int(least), []
    return 0, 0, []


def _scaled(bound: int | str, total: int) -> int:
    """Return an int-or-percent of *total*, rounded up."""
    return ceil(int(bound[:-1]) * total / 100) if isinstance(bound, str) else int(bound)


def _expected_scale(view: View, pods: list[Obj]) -> tuple[int, list[str]]:
    """Return the sum of what the controllers of *pods* are to have, and the Pods without one."""
    scales: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in pods:
        owner = controller_of(pod)
        if owner is None:
            unmanaged.append(name_of(pod))
        elif owner["uid"] not in scales:
            found = _controller(view, owner, namespace_of(pod))
            if found is None:
                raise CountError(f"found no controllers for pod {quoted(name_of(pod))}")
            scales[uid_of(found)] = found["spec"].get("replicas", 1)
    return sum(scales.values()), unmanaged


def _controller(view: View, owner: Mapping[str, str], namespace: str) -> Obj | None:
    """Return what *owner* means, and for a ReplicaSet of a Deployment that Deployment."""
    kind, api_version = owner["kind"], owner["apiVersion"]
    resource = BY_KIND.get(kind)
    if resource is None or resource.api_version != api_version:
        raise CountError(f'no matches for kind "{kind}" in version "{api_version}"')
    if kind not in _SCALABLE:
        raise CountError(f"{resource.group_resource} does not implement the scale subresource")
    found = view.get(kind, namespace, owner["name"])
    if found is None or uid_of(found) != owner["uid"]:
        return None
    above = controller_of(found) if kind == "ReplicaSet" else None
    if above is not None and above["kind"] == "Deployment":
        deployment = view.get("Deployment", namespace, above["name"])
        if deployment is not None and uid_of(deployment) == above["uid"]:
            return deployment
    return found


def _go_selector(selector: Obj | None) -> str:
    """Return a LabelSelector as its generated String method prints it."""
    if selector is None:
        return "nil"
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{e['key']},Operator:{e['operator']},"
        f"Values:[{' '.join(e.get('values') or ())}],}},"
        for e in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


# -- a Pod -----------------------------------------------------------------------------------------


def _is_marked(pod: Obj) -> bool:
    """Say whether somebody announced that the Pod goes, and it has not gone yet."""
    mark = condition_of(pod, DISRUPTION_TARGET)
    if mark is None or mark["status"] != "True" or mark.get("reason") == "TerminationByKubelet":
        return False
    return not is_terminating(pod) and not is_terminal(pod)


def _sync_pod(view: View, pod: Obj, now: float) -> Plan:
    actions: list[Action] = []
    budgets = budgets_of(_budgets(view, pod), pod)
    if len(budgets) > 1:
        where, first = f"{quoted(namespace_of(pod))}/{quoted(name_of(pod))}", quoted(name_of(budgets[0]))
        message = f"Pod {where} matches multiple PodDisruptionBudgets.  Chose {first} arbitrarily."
        actions.append(_event(pod, "Warning", "MultiplePodDisruptionBudgets", message))
    mark = condition_of(pod, DISRUPTION_TARGET)
    if mark is None or not _is_marked(pod):
        return Plan(tuple(actions))
    left = seconds(mark["lastTransitionTime"]) + STALE_TIMEOUT - now
    if left > 0:
        return Plan(tuple(actions), requeue_after=left)
    unmarked = {
        "type": DISRUPTION_TARGET,
        "status": "False",
        "lastProbeTime": None,
        "observedGeneration": pod["metadata"].get("generation", 0),
    }
    conditions = with_condition(field(pod, "status.conditions", []), unmarked, timestamp(now))
    actions.append(UpdateStatus(replaced(pod, "status.conditions", conditions)))
    return Plan(tuple(actions))
