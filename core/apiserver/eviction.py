"""pods/eviction: delete a Pod if its disruption budget can bear it, and have the budget remember.

Source: pkg/registry/core/pod/storage/eviction.go (v1.36).
Differs: one transaction does it all, so that nothing can come between and no conflict is retried.
"""

from __future__ import annotations

from typing import Final

from core.api.budgets import (
    ALLOWED,
    DISRUPTION_TARGET,
    SYNC_FAILED,
    budgets_of,
    with_allowed_condition,
)
from core.api.resources import is_terminal
from core.apimachinery.errors import ApiError, Forbidden, TooManyRequests
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    field,
    is_terminating,
    name_of,
    replaced,
    with_condition,
)
from core.apimachinery.timestamps import timestamp
from core.apiserver.refusals import Unexplained
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry

_MAX_DISRUPTED_PODS: Final = 2000
_VIOLATES: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_SEVERAL: Final = (
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
)
_RETRY_SECONDS: Final = 10
_CONDITION: Final = {
    "type": DISRUPTION_TARGET,
    "status": "True",
    "lastProbeTime": None,
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}


def evict(registry: Registry, ref: Ref, options: DeleteOptions, actor: str) -> Obj:
    """Mark the Pod as a target of disruption and delete it; return its last state.

    Raises: NotFound, Conflict; TooManyRequests when its budget allows no disruption; Unexplained when it has
    several budgets.
    """
    with registry.store.transaction():
        pod = registry.get(ref)
        if not _needs_no_budget(pod):
            budgets = budgets_of(registry.store.view.list("PodDisruptionBudget", ref.namespace), pod)
            if len(budgets) > 1:
                raise Unexplained(_SEVERAL)
            if budgets and not _is_spare(pod, budgets[0]):
                _check_and_decrement(registry, budgets[0], pod, actor)
        # whoever named a revision named the one before the mark: look before it is made
        registry.check_delete_preconditions(ref, pod, options)
        registry.update_status(_marked(pod, registry.store.now), actor, "is about to be evicted")
        unversioned = DeleteOptions(options.grace_period_seconds, options.propagation, options.uid)
        return registry.delete(ref, unversioned, actor, "is evicted")


def _needs_no_budget(pod: Obj) -> bool:
    """Say whether the Pod serves nobody: it has ended, is going, or has not begun (canIgnorePDB)."""
    return is_terminal(pod) or is_terminating(pod) or field(pod, "status.phase") == "Pending"


def _is_spare(pod: Obj, budget: Obj) -> bool:
    """Say whether the Pod is not among those that the budget counts, and may go without counting."""
    ready = condition_of(pod, "Ready")
    if ready is not None and ready["status"] == "True":
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget["status"]
    return bool(0 < status["desiredHealthy"] <= status["currentHealthy"])


def _check_and_decrement(registry: Registry, budget: Obj, pod: Obj, actor: str) -> None:
    status, name = budget["status"], name_of(budget)
    if status.get("observedGeneration", 0) < budget["metadata"]["generation"]:
        raise _refusal(
            f"The disruption budget {name} is still being processed by the server.", _RETRY_SECONDS
        )
    disrupted = status.get("disruptedPods") or {}
    if len(disrupted) > _MAX_DISRUPTED_PODS:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        kind = "poddisruptionbudget"
        raise Forbidden(f'{kind}.policy "{name}" is forbidden: {why}', name=name, group="policy", kind=kind)
    if status["disruptionsAllowed"] == 0:
        raise _refusal(_why_not(budget))
    stamp = timestamp(registry.store.now)
    left = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}
    if left["disruptionsAllowed"] == 0:
        left = with_allowed_condition(left, stamp)
    left["disruptedPods"] = {**disrupted, name_of(pod): stamp}
    registry.update_status({**budget, "status": left}, actor, f"lets {name_of(pod)} be evicted")


def _why_not(budget: Obj) -> str:
    status, name = budget["status"], name_of(budget)
    condition = condition_of(budget, ALLOWED) or {}
    told = condition.get("message") if condition.get("status") == "False" else ""
    prefix = f"The disruption budget {name} does not allow evicting pods currently"
    if told and condition["reason"] == SYNC_FAILED:
        return f"{prefix} because it failed sync: {told}"
    needed, there = status["desiredHealthy"], status["currentHealthy"]
    if there <= needed:
        return f"The disruption budget {name} needs {needed} healthy pods and has {there} currently"
    return f"{prefix} ({condition['reason']}): {told}" if told else prefix


def _refusal(why: str, retry_after: int | None = None) -> ApiError:
    cause = {"reason": "DisruptionBudget", "message": why}
    return TooManyRequests(_VIOLATES, causes=[cause], retryAfterSeconds=retry_after)


def _marked(pod: Obj, now: float) -> Obj:
    condition = {**_CONDITION, "observedGeneration": pod["metadata"].get("generation", 0)}
    conditions = with_condition(field(pod, "status.conditions", []), condition, timestamp(now))
    return replaced(pod, "status.conditions", conditions)
