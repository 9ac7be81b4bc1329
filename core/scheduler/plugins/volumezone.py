"""VolumeZone: a volume labelled with a zone or region is used from there.

Source: pkg/scheduler/framework/plugins/volumezone (v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, labels_of, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason

_TWINS = {
    "topology.kubernetes.io/zone": "failure-domain.beta.kubernetes.io/zone",
    "topology.kubernetes.io/region": "failure-domain.beta.kubernetes.io/region",
}
"""Label -> its old name, which still counts for the same."""
_LABELS = {**_TWINS, **{old: new for new, old in _TWINS.items()}}


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    wanted: list[tuple[str, frozenset[str], str]] = []
    for _, claim in cycle.claims:
        name = claim["spec"].get("volumeName") if claim else None
        volume = cycle.view.get("PersistentVolume", "", name) if name else None
        for key, value in labels_of(volume).items() if volume else ():
            if key in _LABELS:  # "a__b": a volume of several zones
                wanted.append((key, frozenset(value.split("__")), name_of(volume or {})))
    if not wanted:
        return None

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        labels = labels_of(node)
        if not any(key in labels for key in _LABELS):
            return ()  # a node that knows no zones is not asked for one
        for key, values, volume_name in wanted:
            if labels.get(key, labels.get(_LABELS[key])) not in values:
                words = f"is not in the zone of volume {volume_name}"
                return (Reason("node(s) had no available volume zone", words),)
        return ()

    return filter_node
