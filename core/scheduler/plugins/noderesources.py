"""NodeResourcesFit: room for the Pod's cpu, memory and itself; and the choice of the emptier node.

Source: pkg/scheduler/framework/plugins/noderesources (fit, least_allocated, balanced_allocation, v1.36).
Differs: the number of Pods is a third resource in the scores, where upstream gives a Pod without requests
100m and 200Mi.
Not modelled: ephemeral-storage, extended resources.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.api.resources import node_allocatable, pod_requests
from core.apimachinery.meta import Obj, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason, Scores


def pre_filter(cycle: Cycle) -> NodeFilter:
    _, cpu, memory = pod_requests(cycle.pod)
    view = cycle.view

    def filter_node(node: Obj) -> list[Reason]:
        used, has = view.usage(name_of(node)), node_allocatable(node)
        out: list[Reason] = []
        if used.pods + 1 > has.pods:
            words = f"holds {used.pods} Pods, as many as it takes"
            out.append(Reason("Too many pods", words, resolvable=has.pods > 0))
        if cpu and cpu > has.milli_cpu - used.milli_cpu:
            words = f"has {has.milli_cpu - used.milli_cpu}m cpu free and the Pod asks for {cpu}m"
            out.append(Reason("Insufficient cpu", words, resolvable=cpu <= has.milli_cpu))
        if memory and memory > has.memory - used.memory:
            words = f"has {_mebi(has.memory - used.memory)} memory free and the Pod asks for {_mebi(memory)}"
            out.append(Reason("Insufficient memory", words, resolvable=memory <= has.memory))
        return out

    return filter_node


def least_allocated(cycle: Cycle, nodes: Sequence[Obj]) -> Scores:
    """Prefer the node of which the largest share stays free, on the mean of cpu, memory and Pods."""
    return {name: 100 * (1 - sum(shares) / 3) for name, shares in _shares(cycle, nodes).items()}


def balanced_allocation(cycle: Cycle, nodes: Sequence[Obj]) -> Scores:
    """Prefer the node on which cpu and memory fill up alike."""
    return {name: 100 * (1 - abs(cpu - mem) / 2) for name, (_, cpu, mem) in _shares(cycle, nodes).items()}


def _shares(cycle: Cycle, nodes: Sequence[Obj]) -> dict[str, tuple[float, ...]]:
    """Return for each node the shares of Pods, cpu and memory in use once this Pod is there."""
    asked = pod_requests(cycle.pod)
    out: dict[str, tuple[float, ...]] = {}
    for node in nodes:
        name = name_of(node)
        amounts = zip(cycle.view.usage(name), asked, node_allocatable(node), strict=True)
        out[name] = tuple(min((used + more) / has, 1.0) if has else 1.0 for used, more, has in amounts)
    return out


def _mebi(size: int) -> str:
    return f"{size >> 20}Mi"
