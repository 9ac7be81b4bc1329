"""Deployment status: count, judge availability, and estimate progress against the deadline.

Source: calculateStatus of pkg/controller/deployment/sync.go, progress.go, util/deployment_util.go (v1.36).
"""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, condition_of, replaced
from core.apimachinery.timestamps import seconds, timestamp
from core.controllers.deployment.replicasets import max_unavailable, size, total, total_size
from core.controllers.pods import JUST_AFTER

_NO_DEADLINE = 2**31 - 1
FAILURE = "ReplicaFailure"
NEW_AVAILABLE, TIMED_OUT = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


def has_progress_deadline(deployment: Obj) -> bool:
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, _NO_DEADLINE)


def condition(kind: str, value: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": value, "reason": reason, "message": message}


def with_condition(status: Obj, new: Obj, now: float) -> Obj:
    """Return *status* with *new* at the end of its conditions; as it is when only words would change.

    ``lastTransitionTime`` is kept while the condition's status stays (SetDeploymentCondition).
    """
    conditions = status.get("conditions") or []
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    if old is not None and (old["status"], old["reason"]) == (new["status"], new["reason"]):
        return status
    stamp = timestamp(now)
    since = old["lastTransitionTime"] if old is not None and old["status"] == new["status"] else stamp
    placed = {
        "type": new["type"],
        "status": new["status"],
        "lastUpdateTime": stamp,
        "lastTransitionTime": since,
        "reason": new["reason"],
        "message": new["message"],
    }
    others = [c for c in conditions if c["type"] != new["type"]]
    return {**status, "conditions": [*others, placed]}


def _without_condition(status: Obj, kind: str) -> Obj:
    return {**status, "conditions": [c for c in status.get("conditions") or () if c["type"] != kind]}


def calculate_status(deployment: Obj, sets: list[Obj], new: Obj | None, now: float) -> Obj:
    """Return the counters and the condition Available; the other conditions as they are."""
    old = deployment.get("status") or {}
    available = total(sets, "availableReplicas")
    counters = {
        "replicas": total(sets, "replicas"),
        "updatedReplicas": total([new] if new else [], "replicas"),
        "readyReplicas": total(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(total_size(sets) - available, 0),
    }
    status: dict[str, Any] = {
        "observedGeneration": deployment["metadata"]["generation"],
        **{name: number for name, number in counters.items() if number},
        "terminatingReplicas": total(sets, "terminatingReplicas"),
        "conditions": old.get("conditions") or [],
    }
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    if available >= size(deployment) - max_unavailable(deployment):
        judged = condition(
            "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
        )
    else:
        judged = condition(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    return with_condition(status, judged, now)


def is_complete(deployment: Obj, status: Obj) -> bool:
    """Return whether the rollout is over: every replica updated and available, no old one left."""
    wanted = size(deployment)
    counters = (status.get(n) or 0 for n in ("updatedReplicas", "replicas", "availableReplicas"))
    observed = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return observed and all(number == wanted for number in counters)


def with_progress(deployment: Obj, status: Obj, new: Obj | None, now: float) -> Obj:
    """Return *status* with what it says of progress (syncRolloutStatus)."""
    if not has_progress_deadline(deployment):
        return _without_condition(status, "Progressing")
    current = condition_of(deployment, "Progressing")
    updated = status.get("updatedReplicas", 0)
    if current and current["reason"] == NEW_AVAILABLE and status.get("replicas", 0) == updated:
        return status  # no rollout is under way: a lost Pod is no lack of progress
    name = (
        f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    )
    if is_complete(deployment, status):
        done = condition("Progressing", "True", NEW_AVAILABLE, f"{name} has successfully progressed.")
        return with_condition(status, done, now)
    if _is_progressing(deployment, status):
        moving = condition("Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing.")
        # Progress is news even if the reason stays: lastUpdateTime moves and the deadline with it.
        moved = with_condition(_without_condition(status, "Progressing"), moving, now)
        if current and current["status"] == "True":
            since = current["lastTransitionTime"]
            moved["conditions"][-1] = replaced(moved["conditions"][-1], "lastTransitionTime", since)
        return moved
    if _is_timed_out(deployment, current, now):
        late = condition("Progressing", "False", TIMED_OUT, f"{name} has timed out progressing.")
        return with_condition(status, late, now)
    return status


def with_replica_failures(status: Obj, sets: list[Obj], new: Obj | None) -> Obj:
    """Return *status* with what its ReplicaSets, first of all the new one, say of refused Pods."""
    failures = [c for c in (condition_of(rs, FAILURE) for rs in ([new] if new else [])) if c]
    failures = failures or [c for c in (condition_of(rs, FAILURE) for rs in sets) if c]
    for found in failures:
        told = condition(FAILURE, found["status"], found["reason"], found["message"])
        status = with_condition(status, told, seconds(found["lastTransitionTime"]))
    return status if failures else _without_condition(status, FAILURE)


def _is_progressing(deployment: Obj, status: Obj) -> bool:
    old = deployment.get("status") or {}

    def gain(name: str) -> int:
        return int(status.get(name) or 0) - int(old.get(name) or 0)

    fewer_old = gain("replicas") - gain("updatedReplicas") < 0
    return fewer_old or any(gain(n) > 0 for n in ("updatedReplicas", "readyReplicas", "availableReplicas"))


def _is_timed_out(deployment: Obj, current: Obj | None, now: float) -> bool:
    if current is None or current["reason"] == NEW_AVAILABLE:
        return False
    return bool(current["reason"] == TIMED_OUT or _deadline(deployment, current) < now)


def _deadline(deployment: Obj, current: Obj) -> float:
    return seconds(current["lastUpdateTime"]) + int(deployment["spec"]["progressDeadlineSeconds"])


def next_progress_check(deployment: Obj, status: Obj, now: float) -> float | None:
    """Return the seconds until the deadline is worth a look, or None (requeueStuckDeployment)."""
    current = condition_of(deployment, "Progressing")
    if current is None or not has_progress_deadline(deployment):
        return None
    if is_complete(deployment, status) or current["reason"] == TIMED_OUT:
        return None
    left = _deadline(deployment, current) - now
    return left + 1.0 if left >= 1.0 else max(left, 0.0) + JUST_AFTER
