"""How fast lost nodes are given up: one after the other in a zone, slower or not when most of it is lost.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (ComputeZoneState, setLimiterInZone,
ReducedQPSFunc), scheduler/rate_limited_queue.go;
staging/src/k8s.io/component-helpers/node/topology/helpers.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.apimachinery.meta import Obj, has_condition, labels_of
from core.apimachinery.timestamps import seconds
from core.sim.settings import Settings

_FEW: Final = 2
"""So many nodes of a zone may be lost, whatever share of it they are."""
_ZONE: Final = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")
NEVER: Final = float("inf")


def zone_of(node: Obj) -> tuple[str, ...]:
    labels = labels_of(node)
    return tuple(labels.get(key, "") for key in _ZONE)


def next_eviction(nodes: Iterable[Obj], node: Obj, keys: Iterable[str], settings: Settings) -> float:
    """Return when *node* may be tainted for NoExecute: epoch seconds, 0 for at once, or :data:`NEVER`.

    *nodes*: all of the cluster; *keys*: of the taints that count. A bucket of one token: when the last was
    taken is what the taints of the zone say.
    """
    zone = [other for other in nodes if zone_of(other) == zone_of(node)]
    rate = eviction_rate(zone, settings)
    if rate <= 0:
        return NEVER
    added = [
        seconds(taint["timeAdded"])
        for other in zone
        for taint in other["spec"].get("taints") or ()
        if taint["effect"] == "NoExecute" and taint["key"] in keys and taint.get("timeAdded")
    ]
    return max(added) + 1 / rate if added else 0.0


def eviction_rate(zone: list[Obj], settings: Settings) -> float:
    """Return how many nodes of *zone* a second are given up."""
    lost = sum(not has_condition(node, "Ready") for node in zone)
    partly = _FEW < lost < len(zone) and lost / len(zone) >= settings.unhealthy_zone_threshold
    if not partly:
        return settings.node_eviction_rate
    large = len(zone) > settings.large_cluster_size_threshold
    return settings.secondary_node_eviction_rate if large else 0.0
