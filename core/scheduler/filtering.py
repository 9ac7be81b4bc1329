"""The filters in upstream's order, and how a Pod is tried on a node.

Source: pkg/scheduler/schedule_one.go (findNodesThatFitPod), pkg/scheduler/apis/config/v1/default_plugins.go
(v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.apimachinery.meta import Obj
from core.scheduler.framework import Cycle, NodeFilter, PreFilter, Reason, Refusal
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


def prepare(cycle: Cycle) -> list[NodeFilter] | Refusal:
    """Run every PreFilter; the first that refuses ends it."""
    filters: list[NodeFilter] = []
    for pre_filter in FILTERS:
        prepared = pre_filter(cycle)
        if isinstance(prepared, Refusal):
            return prepared
        if prepared is not None:
            filters.append(prepared)
    return filters


def refusal(filters: Iterable[NodeFilter], node: Obj) -> Sequence[Reason]:
    """Return why *node* will not do: what its first refusing filter says, or nothing."""
    for filter_node in filters:
        reasons = filter_node(node)
        if reasons:
            return reasons
    return ()


def trial(cycle: Cycle, node: Obj) -> Sequence[Reason]:
    """Return why the Pod does not fit on *node* as *cycle* sees the cluster, from scratch."""
    filters = prepare(cycle)
    if isinstance(filters, Refusal):
        return (Reason(filters.message, filters.words),)
    return refusal(filters, node)
