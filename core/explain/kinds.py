"""Who explains which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.explain import claims, others, pods, sets
from core.explain.explanation import NOTHING, Asked, Explanation

_EXPLAINERS: Mapping[str, Callable[[Asked], Explanation]] = {
    "Pod": pods.explain,
    "PersistentVolumeClaim": claims.explain,
    "PersistentVolume": others.volume,
    "StatefulSet": sets.explain,
    "Service": others.service,
    "Node": others.node,
    "StorageClass": others.storage_class,
}


def explain(asked: Asked) -> Explanation:
    """Return why *asked* is not as it should be; an empty one when all is well or nothing is sure."""
    explainer = _EXPLAINERS.get(asked.ref.kind)
    if explainer is None or (asked.obj is None and asked.ref.kind != "Pod"):
        return NOTHING
    return explainer(asked)
