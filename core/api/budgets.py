"""PodDisruptionBudgets: which Pods one is about, and the condition that says whether it allows a disruption.

Source: staging/src/k8s.io/component-helpers/apps/poddisruptionbudget/helpers.go,
staging/src/k8s.io/client-go/listers/policy/v1/poddisruptionbudget_expansion.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, condition_of, labels_of, with_condition

ALLOWED: Final = "DisruptionAllowed"
SYNC_FAILED: Final = "SyncFailed"
SUFFICIENT: Final = "SufficientPods"
INSUFFICIENT: Final = "InsufficientPods"
DISRUPTION_TARGET: Final = "DisruptionTarget"
"""The condition of a Pod that says who has it go."""


def budgets_of(budgets: Iterable[Obj], pod: Obj) -> list[Obj]:
    """Return those of *budgets*, all of the namespace of *pod*, that select it."""
    labels = labels_of(pod)
    return [budget for budget in budgets if matches(budget["spec"].get("selector"), labels)]


def with_allowed_condition(status: Obj, stamp: str) -> Obj:
    """Return *status* of a budget with the condition that follows from its disruptionsAllowed."""
    allows = status["disruptionsAllowed"] > 0
    return with_sync_condition(status, allows, SUFFICIENT if allows else INSUFFICIENT, "", stamp)


def with_sync_condition(status: Obj, allows: bool, reason: str, message: str, stamp: str) -> Obj:
    condition = {
        "type": ALLOWED,
        "status": "True" if allows else "False",
        "observedGeneration": status.get("observedGeneration", 0),
        "reason": reason,
        "message": message,
    }
    return {**status, "conditions": with_condition(status.get("conditions") or [], condition, stamp)}


def condition_is_up_to_date(budget: Obj) -> bool:
    condition = condition_of(budget, ALLOWED)
    if condition is None:
        return False
    allows = budget["status"].get("disruptionsAllowed", 0) > 0
    wanted = ("True", SUFFICIENT) if allows else ("False", INSUFFICIENT)
    return (condition["status"], condition["reason"]) == wanted
