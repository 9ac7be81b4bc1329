"""Where a volume may be used: node affinity of volumes, topology terms of classes.

Source: staging/src/k8s.io/component-helpers/storage/volume/helpers.go (CheckNodeAffinity),
component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.apimachinery.labels import holds
from core.apimachinery.meta import Obj

HOSTNAME_LABEL = "kubernetes.io/hostname"


def check_volume_node_affinity(volume: Obj, node_labels: Mapping[str, str]) -> bool:
    """Say whether a node with *node_labels* can reach *volume*; without affinity every node can."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return match_node_selector_terms(required.get("nodeSelectorTerms") or (), node_labels)


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


def match_topology_selector_terms(
    terms: Sequence[Mapping[str, Any]] | None, node_labels: Mapping[str, str]
) -> bool:
    """Say whether a class with these ``allowedTopologies`` makes volumes there. No terms: anywhere."""
    if not terms:
        return True
    return any(
        all(node_labels.get(e["key"]) in e["values"] for e in term.get("matchLabelExpressions") or [])
        for term in terms
    )


def hostname_of(volume: Obj) -> str:
    """Return the one node name the volume's affinity pins it to by hostname, or ""."""
    required: Obj = (volume["spec"].get("nodeAffinity") or {}).get("required") or {}
    terms: list[Obj] = required.get("nodeSelectorTerms") or []
    if len(terms) != 1:
        return ""
    for expression in terms[0].get("matchExpressions") or ():
        values = expression.get("values") or []
        if expression["key"] == HOSTNAME_LABEL and expression["operator"] == "In" and len(values) == 1:
            return str(values[0])
    return ""
