"""The API server's bootstrap of the two system priority classes: made at its start, not looked after later.

Source: pkg/registry/scheduling/rest/storage_scheduling.go (AddSystemPriorityClasses, v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.priorities import SYSTEM_CLASSES
from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.actions import NOTHING, Create, Plan
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings


class SystemPriorities:
    """One key a class, queued at the start only."""

    name = "kube-apiserver"
    process = "kube-apiserver"
    latency = 0.0
    watches: Mapping[str, Handler] = {}
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._classes: dict[Ref, Obj] = {ref_of(one): one for one in SYSTEM_CLASSES}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return tuple(self._classes)

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        if view.get(*key) is not None:
            return NOTHING
        made = Create(self._classes[key], exists_ok=True)
        return Plan((made,), because="every cluster has the classes of its system's Pods")
