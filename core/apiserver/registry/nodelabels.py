"""Labels of nodes that have a newer name: who selects by the old one is warned.

Source: pkg/api/node/util.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj

_NEWER: Final = {
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
}


def deprecation_of(label: str) -> str:
    """Return since when *label* has a newer name and which, or "" when it has none."""
    if label not in _NEWER:
        return ""
    since, name = _NEWER[label]
    return f'deprecated since {since}; use "{name}" instead'


def term_warnings(term: Obj, path: str) -> list[str]:
    """Return the warnings about a nodeSelectorTerm at *path*."""
    keys = [expression.get("key") or "" for expression in term.get("matchExpressions") or ()]
    return [
        f"{path}.matchExpressions[{at}].key: {key} is {told}"
        for at, key in enumerate(keys)
        if (told := deprecation_of(key))
    ]
