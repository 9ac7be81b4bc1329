"""Controller ranking of Pods to delete: the least loss first.

Source: ActivePodsWithRanks of pkg/controller/controller_utils.go (v1.36).
"""

from __future__ import annotations

from collections import Counter
from functools import cmp_to_key
from math import log2
from typing import Any, NamedTuple

from core.apimachinery.meta import Obj, annotations_of, condition_of
from core.apimachinery.timestamps import seconds

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
_NANO = 1_000_000_000


class _Rank(NamedTuple):
    """What decides, in this order; ``settled`` compares as it is, smaller goes first."""

    settled: tuple[Any, ...]
    ready_since: float
    restarts: int
    created: float
    uid: str


def pods_to_delete(pods: list[Obj], related: list[Obj], number: int, now: float) -> list[Obj]:
    """Return the *number* of *pods* to delete first.

    Shape: *related* are all active Pods of the same owner: a node with more of them loses one first.
    """
    if number >= len(pods):
        return pods
    on_node = Counter(pod["spec"].get("nodeName") for pod in related)

    def less(one: tuple[_Rank, Obj], other: tuple[_Rank, Obj]) -> int:
        return _compare(one[0], other[0], now)

    ranked = sorted(((_rank(pod, on_node), pod) for pod in pods), key=cmp_to_key(less))
    return [pod for _, pod in ranked[:number]]


def _rank(pod: Obj, on_node: Counter[str | None]) -> _Rank:
    node = pod["spec"].get("nodeName")
    condition = condition_of(pod, "Ready") or {}
    ready = condition.get("status") == "True"
    changed = condition.get("lastTransitionTime")
    created = pod["metadata"].get("creationTimestamp")
    settled = (
        bool(node),
        _PHASES.get(pod["status"].get("phase", ""), 1),
        ready,
        _deletion_cost(pod),
        -on_node[node],
    )
    return _Rank(
        settled,
        seconds(changed) if ready and changed else 0.0,
        max((s.get("restartCount", 0) for s in pod["status"].get("containerStatuses") or ()), default=0),
        seconds(created) if created else 0.0,
        pod["metadata"].get("uid", ""),
    )


def _deletion_cost(pod: Obj) -> int:
    try:
        return int(annotations_of(pod).get(DELETION_COST, "0"))
    except ValueError:
        return 0  # refused at admission; upstream falls back to 0 too


def _compare(one: _Rank, other: _Rank, now: float) -> int:
    if one.settled != other.settled:
        return -1 if one.settled < other.settled else 1
    if one.ready_since != other.ready_since:
        return _by_age(one.ready_since, other.ready_since, one, other, now=now)
    if one.restarts != other.restarts:
        return -1 if one.restarts > other.restarts else 1
    if one.created != other.created:
        return _by_age(one.created, other.created, one, other, now=now)
    return 0


def _by_age(since: float, other_since: float, one: _Rank, other: _Rank, *, now: float) -> int:
    """The younger goes first, but ages count by powers of two: among near equals the uid decides,
    so that a long life is no protection (logarithmicRankDiff).
    """
    difference = _magnitude(now - since) - _magnitude(now - other_since)
    if difference == 0:
        return -1 if one.uid < other.uid else 1
    return difference


def _magnitude(age: float) -> int:
    return int(log2(age * _NANO)) if age > 0 else -1
