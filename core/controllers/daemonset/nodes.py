"""DaemonSet placement: which nodes a set runs on, and how its Pods say for which node they are.

Source: NodeShouldRunDaemonPod of pkg/controller/daemon/daemon_controller.go;
pkg/controller/daemon/util/daemonset_util.go (v1.36).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from core.api.nodeaffinity import matches_node
from core.api.taints import UNSCHEDULABLE, find_untolerated_taint
from core.apimachinery.meta import Obj, field, name_of

_TOLERATED: tuple[tuple[str, str], ...] = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    (UNSCHEDULABLE, "NoSchedule"),
)
_ON_THE_HOST: tuple[tuple[str, str], ...] = (("node.kubernetes.io/network-unavailable", "NoSchedule"),)
_COMPARED = ("key", "operator", "value", "effect")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class Wish(NamedTuple):
    """*run*: a Pod is made there if there is none; *stay*: one that is there may go on."""

    run: bool
    stay: bool


NOWHERE = Wish(False, False)


def wish_for(ds: Obj, node: Obj) -> Wish:
    """Return what *ds* wants of *node*."""
    spec = ds["spec"]["template"]["spec"]
    if spec.get("nodeName") not in (None, "", name_of(node)) or not matches_node({"spec": spec}, node):
        return Wish(False, False)
    taints = node["spec"].get("taints")
    if not taints:
        return Wish(True, True)
    found = tolerations(spec)
    if find_untolerated_taint(taints, found, ("NoExecute", "NoSchedule")) is None:
        return Wish(True, True)
    return Wish(False, find_untolerated_taint(taints, found, ("NoExecute",)) is None)


def tolerations(spec: Obj) -> list[Obj]:
    """Return the template's tolerations and those of every DaemonSet: it outlasts a node's troubles."""
    out = list(spec.get("tolerations") or ())
    for key, effect in _TOLERATED + (_ON_THE_HOST if spec.get("hostNetwork") else ()):
        added = {"key": key, "operator": "Exists", "effect": effect}
        known = [t for t in out if all((t.get(k) or "") == added.get(k, "") for k in _COMPARED)]
        if known:
            out[out.index(known[0])] = added
        else:
            out.append(added)
    return out


def pod_spec(ds: Obj, node_name: str) -> dict[str, Any]:
    """Return the template's spec, bound by affinity to one node; the scheduler does the rest."""
    spec = ds["spec"]["template"]["spec"]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name]}]}
    affinity = dict(spec.get("affinity") or {})
    affinity["nodeAffinity"] = {
        **(affinity.get("nodeAffinity") or {}),
        _REQUIRED: {"nodeSelectorTerms": [term]},
    }
    return {**spec, "affinity": affinity, "tolerations": tolerations(spec)}


def target_node(pod: Obj) -> str:
    """Return the node that *pod* is on or made for; "": it does not say."""
    name = pod["spec"].get("nodeName")
    if name:
        return str(name)
    terms = field(pod, f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms") or ()
    for term in terms:
        for wanted in term.get("matchFields") or ():
            if wanted["key"] == "metadata.name" and wanted["operator"] == "In":
                values = list(wanted.get("values") or ())
                return str(values[0]) if len(values) == 1 else ""
    return ""
