"""Taints of nodes and the tolerations of Pods that answer them.

Source: staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go (v1.36).
Not modelled: the operators Lt and Gt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.apimachinery.meta import Obj

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """Say whether *toleration* answers *taint*; an empty effect or an empty key (with Exists) means any."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    if (toleration.get("operator") or "Equal") != "Equal":
        return False
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def find_untolerated_taint(
    taints: Iterable[Obj], tolerations: Sequence[Obj], effects: Sequence[str]
) -> Obj | None:
    """Return the first of *taints* with one of *effects* that no toleration answers, or None."""
    for taint in taints:
        if taint["effect"] in effects and not any(tolerates(t, taint) for t in tolerations):
            return taint
    return None
