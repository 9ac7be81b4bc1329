"""StatefulSet controller: which sets a change concerns, and their sync.

Source: pkg/controller/statefulset/stateful_set.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.actions import NOTHING, Plan
from core.client.cache import View
from core.client.component import Handler
from core.controllers.adoption import owners_to_sync
from core.controllers.statefulset.control import update_stateful_set
from core.sim.settings import Settings


def _of_the_set(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    changed = new or old
    return (ref_of(changed),) if changed else ()


def _of_its_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return owners_to_sync(view, "StatefulSet", old, new)


class StatefulSetController:
    """Claims are not watched: neither their binding nor their end starts a sync (STS-C11)."""

    name = "statefulset-controller"
    process = "kube-controller-manager"
    latency = 0.005
    awaits = frozenset(("StatefulSet", "Pod", "ControllerRevision"))
    watches: Mapping[str, Handler] = {"StatefulSet": _of_the_set, "Pod": _of_its_pod}
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(sts) for sts in view.list("StatefulSet")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        sts = view.get(*key)
        if sts is None:
            return NOTHING
        return update_stateful_set(view, sts, now, self._settings)
