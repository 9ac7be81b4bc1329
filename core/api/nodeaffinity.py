"""Which nodes a selector of nodes names, and whether one is what a Pod asks for.

Source: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.apimachinery.labels import holds
from core.apimachinery.meta import Obj, labels_of, name_of


def matches_node(pod: Obj, node: Obj) -> bool:
    """Say whether *node* has what the Pod's nodeSelector and required node affinity ask for."""
    labels = labels_of(node)
    selector = pod["spec"].get("nodeSelector")
    if selector and any(labels.get(key) != value for key, value in selector.items()):
        return False
    required = node_affinity(pod).get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return match_node_selector_terms(required.get("nodeSelectorTerms") or (), labels, name_of(node))


def node_affinity(pod: Obj) -> Obj:
    affinity = pod["spec"].get("affinity")
    return (affinity.get("nodeAffinity") or {}) if affinity else {}


def match_node_selector_terms(
    terms: Sequence[Mapping[str, Any]], node_labels: Mapping[str, str], node_name: str = ""
) -> bool:
    """Say whether any term matches. Inside a term all must; a term that asks for nothing matches nothing.

    *node_name* is what matchFields compares (metadata.name is the one field there is); volumes give none.
    """
    return any(_match_term(term, node_labels, node_name) for term in terms)


def _match_term(term: Mapping[str, Any], node_labels: Mapping[str, str], node_name: str) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(_match_requirement(e, node_labels) for e in expressions) and all(
        _match_requirement(f, {"metadata.name": node_name}) for f in fields
    )


def _match_requirement(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return holds(requirement["key"], requirement["operator"], requirement.get("values") or (), labels)
