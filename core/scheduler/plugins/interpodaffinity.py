"""InterPodAffinity: near these Pods, away from those.

Source: pkg/scheduler/framework/plugins/interpodaffinity (filtering.go, scoring.go, v1.36).
Differs: preferences of the Pods that are already there are not scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.api.resources import is_terminal
from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, labels_of, name_of, namespace_of
from core.client.cache import View
from core.scheduler.framework import Cycle, NodeFilter, Reason, Scores, normalized, selected_pods

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
Domains = dict[tuple[str, str], str]
"""(topology key, value) -> the name of a Pod that is there."""


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    affine, anti = _terms(cycle.pod, "podAffinity"), _terms(cycle.pod, "podAntiAffinity")
    disliking = _domains_that_dislike(cycle)
    if not affine and not anti and not disliking:
        return None
    wanted = [(term["topologyKey"], _domains(cycle, [term])) for term in affine]
    first = not any(domains for _, domains in wanted) and all(_selects(cycle, t, cycle.pod) for t in affine)
    avoided = _domains(cycle, anti)

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        labels = labels_of(node)
        for key, domains in wanted:
            here = (key, labels.get(key, "")) in domains
            # the first of Pods that want to be together may go anywhere
            if key not in labels or not (here or first):
                return (
                    Reason(
                        "node(s) didn't match pod affinity rules", "is not near the Pods it wants to be near"
                    ),
                )
        neighbour = _neighbour(labels, avoided)
        if neighbour:
            words = f"already has {neighbour}, which this Pod must not share a place with"
            return (Reason("node(s) didn't match pod anti-affinity rules", words, resolvable=True),)
        neighbour = _neighbour(labels, disliking)
        if neighbour:
            words = f"already has {neighbour}, which must not share a place with this Pod"
            text = "node(s) didn't satisfy existing pods anti-affinity rules"
            return (Reason(text, words, resolvable=True),)
        return ()

    return filter_node


def score(cycle: Cycle, nodes: Sequence[Obj]) -> Scores | None:
    """Add the weight of every preferred term for each Pod it finds near a node; anti-affinity subtracts."""
    weighted = [
        (sign * preference["weight"], preference["podAffinityTerm"])
        for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1))
        for preference in _terms(cycle.pod, kind, _PREFERRED)
    ]
    if not weighted:
        return None
    sums: dict[tuple[str, str], float] = {}
    for weight, term in weighted:
        for place in _places(cycle, term):
            sums[place[0]] = sums.get(place[0], 0) + weight
    raw = {name_of(node): sum(sums.get(pair, 0) for pair in labels_of(node).items()) for node in nodes}
    least = min(raw.values(), default=0)
    return normalized({name: value - least for name, value in raw.items()})


def _terms(pod: Obj, kind: str, strength: str = _REQUIRED) -> list[Obj]:
    affinity = pod["spec"].get("affinity")
    rules = affinity.get(kind) if affinity else None
    return (rules.get(strength) or []) if rules else []


def _domains(cycle: Cycle, terms: Iterable[Obj]) -> Domains:
    return {pair: pod for term in terms for pair, pod in _places(cycle, term)}


def _places(cycle: Cycle, term: Obj) -> Iterable[tuple[tuple[str, str], str]]:
    """Yield where the Pods that *term* selects are, one (topology pair, Pod name) for each Pod."""
    key = term["topologyKey"]
    for namespace in _namespaces(cycle, term):
        for pod in selected_pods(cycle.view, namespace, term.get("labelSelector")):
            value = _topology(cycle.view, pod, key)
            if value is not None:
                yield (key, value), name_of(pod)


def _domains_that_dislike(cycle: Cycle) -> Domains:
    """Return the domains of Pods whose required anti-affinity selects the Pod to be placed."""
    out: Domains = {}
    for pod in cycle.view.indexed("anti-affine-pods", ""):
        for term in _terms(pod, "podAntiAffinity"):
            value = _topology(cycle.view, pod, term["topologyKey"])
            if value is not None and _selects_from(pod, term, cycle.pod):
                out[(term["topologyKey"], value)] = name_of(pod)
    return out


def _topology(view: View, pod: Obj, key: str) -> str | None:
    node_name = pod["spec"].get("nodeName")
    if not node_name or is_terminal(pod):
        return None
    node = view.get("Node", "", node_name)
    return labels_of(node).get(key) if node else None


def _neighbour(labels: dict[str, str], domains: Domains) -> str:
    return next((domains[pair] for pair in labels.items() if pair in domains), "") if domains else ""


def _namespaces(cycle: Cycle, term: Obj) -> list[str]:
    selector, names = term.get("namespaceSelector"), list(term.get("namespaces") or ())
    if selector is not None:
        spaces = cycle.view.list("Namespace")
        return names + [name_of(space) for space in spaces if matches(selector, labels_of(space))]
    return names or [cycle.namespace]


def _selects(cycle: Cycle, term: Obj, pod: Obj) -> bool:
    return namespace_of(pod) in _namespaces(cycle, term) and matches(
        term.get("labelSelector"), labels_of(pod)
    )


def _selects_from(owner: Obj, term: Obj, pod: Obj) -> bool:
    """Say whether *term* of *owner* selects *pod*. A namespaceSelector is taken to select all namespaces."""
    names = term.get("namespaces") or (namespace_of(owner),)
    inside = namespace_of(pod) in names or term.get("namespaceSelector") is not None
    return inside and matches(term.get("labelSelector"), labels_of(pod))
