"""TaintToleration: nodes with a taint that the Pod does not tolerate are out, or second choice.

Source: pkg/scheduler/framework/plugins/tainttoleration (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.api.taints import find_untolerated_taint, tolerates
from core.apimachinery.meta import Obj
from core.scheduler.framework import Cycle, NodeFilter, Reason, Scores, normalized

_HARD = ("NoSchedule", "NoExecute")


def pre_filter(cycle: Cycle) -> NodeFilter:
    tolerations = cycle.pod["spec"].get("tolerations") or ()
    names_taint = cycle.wording in ("W30", "W33")

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        taints = node["spec"].get("taints")
        taint = find_untolerated_taint(taints, tolerations, _HARD) if taints else None
        if taint is None:
            return ()
        pair = f"{taint['key']}: {taint.get('value') or ''}"
        text = (
            f"node(s) had untolerated taint {{{pair}}}" if names_taint else "node(s) had untolerated taint(s)"
        )
        return (Reason(text, f"has the taint {taint['key']} that the Pod does not tolerate"),)

    return filter_node


def score(cycle: Cycle, nodes: Sequence[Obj]) -> Scores | None:
    """Prefer nodes with fewer PreferNoSchedule taints that the Pod does not tolerate."""
    if not any(node["spec"].get("taints") for node in nodes):
        return None
    tolerations = cycle.pod["spec"].get("tolerations") or ()
    raw: dict[str, float] = {}
    for node in nodes:
        soft = [t for t in node["spec"].get("taints") or () if t["effect"] == "PreferNoSchedule"]
        raw[node["metadata"]["name"]] = sum(not any(tolerates(x, t) for x in tolerations) for t in soft)
    return normalized(raw, reverse=True)
