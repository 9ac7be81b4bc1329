"""StatefulSet update strategy: what spec.updateStrategy says about a slot.

Slots count from 0, so ``partition`` does too, whatever the start ordinal is (STS-R3).
Source: pkg/controller/statefulset/stateful_set_utils.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj


def partition(sts: Obj) -> int:
    rolling = sts["spec"]["updateStrategy"].get("rollingUpdate")
    return int(rolling.get("partition") or 0) if rolling else 0


def max_unavailable(sts: Obj) -> int:
    """Return how many Pods may be unavailable at once: a percentage rounds down, never below 1."""
    rolling = sts["spec"]["updateStrategy"].get("rollingUpdate") or {}
    value = rolling.get("maxUnavailable", 1)
    if isinstance(value, str):
        value = int(value.rstrip("%")) * int(sts["spec"]["replicas"]) // 100
    return max(int(value), 1)


def is_current_revision_needed(sts: Obj, slot: int) -> bool:
    """Return whether a Pod created in *slot* comes up on the current revision, not on the update's."""
    strategy = sts["spec"]["updateStrategy"]
    if strategy["type"] != "RollingUpdate":
        return False
    if strategy.get("rollingUpdate") is None:
        # No partition to go by: as many as the status says are still on it.
        return slot < int((sts.get("status") or {}).get("currentReplicas") or 0)
    return slot < partition(sts)
