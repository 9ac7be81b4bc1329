"""NodeAffinity: the Pod's nodeSelector and node affinity, required and preferred.

Source: pkg/scheduler/framework/plugins/nodeaffinity (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.api.nodeaffinity import match_node_selector_terms, matches_node, node_affinity
from core.apimachinery.meta import Obj, labels_of, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason, Scores, normalized

_REASON = (
    Reason(
        "node(s) didn't match Pod's node affinity/selector",
        "does not have the labels that the Pod's node selector or affinity asks for",
    ),
)


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    pod = cycle.pod
    if not pod["spec"].get("nodeSelector") and not node_affinity(pod).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ):
        return None
    return lambda node: () if matches_node(pod, node) else _REASON


def score(cycle: Cycle, nodes: Sequence[Obj]) -> Scores | None:
    """Add up the weights of the preferred terms that a node matches."""
    terms = node_affinity(cycle.pod).get("preferredDuringSchedulingIgnoredDuringExecution")
    if not terms:
        return None
    raw: dict[str, float] = {}
    for node in nodes:
        labels, name = labels_of(node), name_of(node)
        raw[name] = sum(
            term["weight"] for term in terms if match_node_selector_terms([term["preference"]], labels, name)
        )
    return normalized(raw)
