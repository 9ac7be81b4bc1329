"""Where a volume may be used: node affinity of volumes, topology terms of classes.

Source: staging/src/k8s.io/component-helpers/storage/volume/helpers.go (CheckNodeAffinity, v1.36).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.api.nodeaffinity import match_node_selector_terms
from core.apimachinery.meta import Obj

HOSTNAME_LABEL = "kubernetes.io/hostname"


def check_volume_node_affinity(volume: Obj, node_labels: Mapping[str, str]) -> bool:
    """Say whether a node with *node_labels* can reach *volume*; without affinity every node can."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return match_node_selector_terms(required.get("nodeSelectorTerms") or (), node_labels)


def match_topology_selector_terms(
    terms: Sequence[Mapping[str, Any]] | None, node_labels: Mapping[str, str]
) -> bool:
    """Say whether a class with these ``allowedTopologies`` makes volumes there. No terms: anywhere.

    A term without expressions is nowhere.
    """
    if not terms:
        return True
    wanted = [expressions for term in terms if (expressions := term.get("matchLabelExpressions"))]
    return any(all(node_labels.get(e["key"]) in e["values"] for e in expressions) for expressions in wanted)


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
