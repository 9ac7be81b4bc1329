"""Every node against one Pod: which plugin refused it and why. The scheduler's own filters, asked once more.

Source: pkg/scheduler/framework/types.go (Diagnosis), pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from core.apimachinery.meta import Obj, name_of
from core.client.cache import View
from core.scheduler.filtering import FILTERS
from core.scheduler.framework import Cycle, NodeFilter, Reason, Refusal

_PLUGINS: Final = {
    "nodeunschedulable": ("NodeUnschedulable", "spec.tolerations"),
    "tainttoleration": ("TaintToleration", "spec.tolerations"),
    "nodeaffinity": ("NodeAffinity", "spec.nodeSelector"),
    "nodeports": ("NodePorts", "spec.containers[0].ports"),
    "noderesources": ("NodeResourcesFit", "spec.containers[0].resources.requests"),
    "volumerestrictions": ("VolumeRestrictions", "spec.volumes"),
    "volumebinding": ("VolumeBinding", "spec.volumes"),
    "volumezone": ("VolumeZone", "spec.volumes"),
    "podtopologyspread": ("PodTopologySpread", "spec.topologySpreadConstraints"),
    "interpodaffinity": ("InterPodAffinity", "spec.affinity"),
}
"""Module -> the plugin's name upstream, and the field of a Pod that it reads."""


class Verdict(NamedTuple):
    """What became of one node. *plugin* "": it would do. *node* "": no node was looked at, none would do.

    *field*: of the Pod, which the plugin reads.
    """

    node: str
    plugin: str = ""
    field: str = ""
    reasons: Sequence[Reason] = ()


def verdicts(view: View, pod: Obj, wording: str) -> list[Verdict]:
    """Return one verdict a node, in the order of nodes; a single one when a PreFilter refuses them all."""
    cycle = Cycle(view, pod, wording)
    filters: list[tuple[str, str, NodeFilter]] = []
    for pre_filter in FILTERS:
        plugin, field = _PLUGINS[pre_filter.__module__.rpartition(".")[2]]
        prepared = pre_filter(cycle)
        if isinstance(prepared, Refusal):
            return [Verdict("", plugin, field, (Reason(prepared.message, prepared.words),))]
        if prepared is not None:
            filters.append((plugin, field, prepared))
    return [_verdict(filters, node) for node in cycle.nodes]


def _verdict(filters: Sequence[tuple[str, str, NodeFilter]], node: Obj) -> Verdict:
    for plugin, field, refuse in filters:
        reasons = refuse(node)
        if reasons:
            return Verdict(name_of(node), plugin, field, reasons)
    return Verdict(name_of(node))
