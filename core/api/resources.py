"""What a Pod asks of a node: cpu, memory, and its place among the Pods there.

Source: staging/src/k8s.io/component-helpers/resource/helpers.go (PodRequests, v1.36).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from core.apimachinery.meta import Obj
from core.apimachinery.quantity import parse


class Usage(NamedTuple):
    """Amounts on a node. cpu in thousandths of a core, memory in bytes; fractions are rounded up."""

    pods: int = 0
    milli_cpu: int = 0
    memory: int = 0


NO_USAGE = Usage()


def plus(one: Usage, other: Usage) -> Usage:
    return Usage(one.pods + other.pods, one.milli_cpu + other.milli_cpu, one.memory + other.memory)


def minus(one: Usage, other: Usage) -> Usage:
    return Usage(one.pods - other.pods, one.milli_cpu - other.milli_cpu, one.memory - other.memory)


def is_terminal(pod: Obj) -> bool:
    """Say whether the Pod has ended for good: its containers will not run again."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def pod_requests(pod: Obj) -> Usage:
    """Return what *pod* asks for: its containers together, or its largest init container if that is more.

    A sidecar (an init container that restarts) runs beside the containers and the later init containers.
    """
    spec = pod["spec"]
    cpu, memory = _sum(spec.get("containers") or [])
    if spec.get("initContainers"):
        cpu, memory = _with_init(spec["initContainers"], cpu, memory)
    overhead = spec.get("overhead")
    if overhead:
        more_cpu, more_memory = _amounts(overhead)
        cpu, memory = cpu + more_cpu, memory + more_memory
    return Usage(1, cpu, memory)


def _with_init(containers: list[Obj], cpu: int, memory: int) -> tuple[int, int]:
    side_cpu = side_memory = peak_cpu = peak_memory = 0
    for container in containers:
        own_cpu, own_memory = _requested(container)
        peak_cpu, peak_memory = max(peak_cpu, side_cpu + own_cpu), max(peak_memory, side_memory + own_memory)
        if container.get("restartPolicy") == "Always":
            side_cpu, side_memory = side_cpu + own_cpu, side_memory + own_memory
    return max(peak_cpu, cpu + side_cpu), max(peak_memory, memory + side_memory)


def _sum(containers: list[Obj]) -> tuple[int, int]:
    cpu = memory = 0
    for container in containers:
        if container.get("resources"):
            own_cpu, own_memory = _requested(container)
            cpu, memory = cpu + own_cpu, memory + own_memory
    return cpu, memory


def _requested(container: Obj) -> tuple[int, int]:
    return _amounts((container.get("resources") or {}).get("requests") or {})


def _amounts(amounts: dict[str, Any]) -> tuple[int, int]:
    cpu, memory = amounts.get("cpu"), amounts.get("memory")
    return (_ceil(parse(cpu) * 1000) if cpu else 0), (_ceil(parse(memory)) if memory else 0)


def node_allocatable(node: Obj) -> Usage:
    """Return what Pods may have of *node*; 0 for a resource that it does not state."""
    amounts = (node.get("status") or {}).get("allocatable") or {}
    cpu, memory = _amounts(amounts)
    return Usage(_ceil(parse(amounts.get("pods", 0))), cpu, memory)


def _ceil(value: Any) -> int:
    return int(-(-value // 1))
