"""How important a Pod is, and the two classes that every cluster has.

Source: pkg/apis/scheduling/{types.go,v1/helpers.go}, staging/src/k8s.io/component-helpers/scheduling/corev1/
helpers.go (PodPriority, v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj

HIGHEST_USER_DEFINABLE: Final = 1_000_000_000
SYSTEM_PREFIX: Final = "system-"
_SYSTEM_CRITICAL: Final = 2 * HIGHEST_USER_DEFINABLE
SYSTEM_CLASSES: Final[tuple[Obj, ...]] = tuple(
    {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "description": f"Used for system critical pods that must {what}",
    }
    for name, value, what in (
        ("system-node-critical", _SYSTEM_CRITICAL + 1000, "not be moved from their current node."),
        (
            "system-cluster-critical",
            _SYSTEM_CRITICAL,
            "run in the cluster, but can be moved to another node if necessary.",
        ),
    )
)
SYSTEM_NAMES: Final = frozenset(one["metadata"]["name"] for one in SYSTEM_CLASSES)


def pod_priority(pod: Obj) -> int:
    return pod["spec"].get("priority") or 0


def unknown_system_class(given: Obj) -> str:
    """Return why *given*, a class with a system's name, is none of :data:`SYSTEM_CLASSES`, or ""."""
    name = given["metadata"].get("name", "")
    for known in SYSTEM_CLASSES:
        if known["metadata"]["name"] != name:
            continue
        if given["value"] != known["value"]:
            return f"value of {name} PriorityClass must be {known['value']}"
        if given.get("globalDefault"):
            return f"globalDefault of {name} PriorityClass must be false"
        return ""
    return f"{name} is not a known system priority class"
