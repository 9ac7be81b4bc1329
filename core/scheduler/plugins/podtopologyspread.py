"""PodTopologySpread: replicas spread over nodes and zones, as asked and by default.

Source: pkg/scheduler/framework/plugins/podtopologyspread (filtering.go, scoring.go, v1.36).
Differs: the default spreading counts a controller's replicas a node, not those of a Service, and no zones.
Not modelled: matchLabelKeys, nodeTaintsPolicy Honor, nodeAffinityPolicy Ignore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.api.nodeaffinity import matches_node
from core.api.resources import is_terminal
from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, controller_of, is_terminating, labels_of, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason, Scores, normalized, selected_pods

_TEXT = "node(s) didn't match pod topology spread constraints"


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    constraints = _constraints(cycle.pod, "DoNotSchedule")
    if not constraints:
        return None
    eligible = [
        node
        for node in cycle.nodes
        if all(c["topologyKey"] in labels_of(node) for c in constraints) and matches_node(cycle.pod, node)
    ]
    counted = [(constraint, _count(cycle, constraint, eligible)) for constraint in constraints]

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        for constraint, counts in counted:
            key = constraint["topologyKey"]
            domain = labels_of(node).get(key)
            if domain is None:
                return (Reason(f"{_TEXT} (missing required label)", f"does not have the label {key}"),)
            least = min(counts.values(), default=0)
            if len(counts) < (constraint.get("minDomains") or 1):
                least = 0
            own = 1 if matches(constraint.get("labelSelector"), labels_of(cycle.pod)) else 0
            if counts.get(domain, 0) + own - least > constraint["maxSkew"]:
                words = f"would hold too many: {key}={domain} has {counts.get(domain, 0)} of them already"
                return (Reason(_TEXT, words, resolvable=True),)
        return ()

    return filter_node


def score(cycle: Cycle, nodes: Sequence[Obj]) -> Scores | None:
    """Prefer domains with fewer of the Pods that are to be spread."""
    constraints = _constraints(cycle.pod, "ScheduleAnyway")
    raw: dict[str, float] = {}
    if constraints:
        counted = [(c["topologyKey"], _count(cycle, c, nodes)) for c in constraints]
        for node in nodes:
            labels = labels_of(node)
            raw[name_of(node)] = sum(counts[labels[key]] for key, counts in counted if key in labels)
        return normalized(raw, reverse=True)
    owner = controller_of(cycle.pod)
    if owner is None or cycle.pod["spec"].get("topologySpreadConstraints"):
        return None
    for node in nodes:
        raw[name_of(node)] = cycle.view.count("replicas-on-node", (owner["uid"], name_of(node)))
    return normalized(raw, reverse=True)


def _constraints(pod: Obj, action: str) -> list[Obj]:
    constraints = pod["spec"].get("topologySpreadConstraints") or ()
    return [c for c in constraints if (c.get("whenUnsatisfiable") or "DoNotSchedule") == action]


def _count(cycle: Cycle, constraint: Obj, nodes: Sequence[Obj]) -> Counter[str]:
    """Return domain -> how many living Pods of the constraint are there, for every domain of *nodes*."""
    key = constraint["topologyKey"]
    domain_of = {name_of(node): labels_of(node)[key] for node in nodes if key in labels_of(node)}
    counts: Counter[str] = Counter(dict.fromkeys(domain_of.values(), 0))
    for pod in selected_pods(cycle.view, cycle.namespace, constraint.get("labelSelector")):
        domain = domain_of.get(pod["spec"].get("nodeName", ""))
        if domain is not None and not is_terminal(pod) and not is_terminating(pod):
            counts[domain] += 1
    return counts
