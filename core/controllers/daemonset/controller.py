"""DaemonSet controller: which sets a change concerns, and their sync.

Source: addNode, updateNode, addPod of pkg/controller/daemon/daemon_controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, labels_of, ref_of
from core.client.actions import NOTHING, Plan
from core.client.cache import View
from core.client.component import Handler
from core.controllers.adoption import owners_to_sync
from core.controllers.daemonset.control import update_daemon_set
from core.controllers.daemonset.nodes import NOWHERE, wish_for
from core.sim.settings import Settings


def _of_the_set(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    changed = new or old
    return (ref_of(changed),) if changed else ()


def _of_its_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return owners_to_sync(view, "DaemonSet", old, new)


def _of_a_node(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """A node that goes concerns nobody: its Pods go, and that does."""
    if new is None or (old is not None and _asked(old) == _asked(new)):
        return ()
    return [
        ref_of(ds)
        for ds in view.list("DaemonSet")
        if (wish_for(ds, old) if old is not None else NOWHERE) != wish_for(ds, new)
    ]


def _asked(node: Obj) -> tuple[dict[str, str], object]:
    """Return all of a node that a set asks about."""
    return labels_of(node), node["spec"].get("taints") or None


class DaemonSetController:
    name = "daemonset-controller"
    process = "kube-controller-manager"
    latency = 0.005
    awaits = frozenset(("DaemonSet", "Pod", "ControllerRevision"))
    watches: Mapping[str, Handler] = {"DaemonSet": _of_the_set, "Pod": _of_its_pod, "Node": _of_a_node}
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        pass

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(ds) for ds in view.list("DaemonSet")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        ds = view.get(*key)
        return NOTHING if ds is None else update_daemon_set(view, ds, now)
