"""NodeUnschedulable: cordoned nodes take no new Pods.

Source: pkg/scheduler/framework/plugins/nodeunschedulable (v1.36).
"""

from __future__ import annotations

from core.api.taints import UNSCHEDULABLE, tolerates
from core.apimachinery.meta import Obj
from core.scheduler.framework import Cycle, NodeFilter, Reason

_REASON = (Reason("node(s) were unschedulable", "is cordoned"),)


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    taint = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
    if any(tolerates(t, taint) for t in cycle.pod["spec"].get("tolerations") or ()):
        return None
    return _filter


def _filter(node: Obj) -> tuple[Reason, ...]:
    return _REASON if node["spec"].get("unschedulable") else ()
