"""DaemonSet state: the Pods of a set by node, as one sync sees them.

Source: getNodesToDaemonPods and podByCreationTimestampAndPhase of pkg/controller/daemon/daemon_controller.go;
pkg/controller/daemon/util/daemonset_util.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from core.apimachinery.meta import Obj, annotations_of, is_terminating, labels_of, name_of
from core.client.cache import View
from core.controllers.daemonset.nodes import Wish, target_node, wish_for
from core.controllers.history import POD_LABEL
from core.controllers.pods import readiness

GENERATION = "deprecated.daemonset.template.generation"
GENERATION_LABEL = "pod-template-generation"


class State:
    """``pods``: node name -> the set's Pods there, the oldest first; ``wishes``: node name -> what it wants.

    *mark*: the hash that Pods of the template carry.
    """

    def __init__(self, view: View, ds: Obj, pods: Iterable[Obj], mark: str, now: float) -> None:
        self.view = view
        self.ds = ds
        self.mark = mark
        self.now = now
        self.generation = annotations_of(ds).get(GENERATION)
        self.min_ready = int(ds["spec"].get("minReadySeconds") or 0)
        nodes = sorted(view.list("Node"), key=name_of)
        self.wishes: dict[str, Wish] = {name_of(node): wish_for(ds, node) for node in nodes}
        self.desired = sum(wish.run for wish in self.wishes.values())
        self.pods: dict[str, list[Obj]] = {}
        for pod in sorted(pods, key=_by_age):
            if is_terminating(pod) and _phase(pod) in ("Succeeded", "Failed"):
                continue  # the kubelet or the collector takes it from here
            if target := target_node(pod):
                self.pods.setdefault(target, []).append(pod)

    def is_updated(self, pod: Obj) -> bool:
        """Say whether *pod* is of the template."""
        labels = labels_of(pod)
        if labels.get(POD_LABEL) == self.mark:
            return True
        return self.generation is not None and labels.get(GENERATION_LABEL) == self.generation

    def is_available(self, pod: Obj | None) -> bool:
        return pod is not None and readiness(pod.get("status") or {}, self.min_ready, self.now).available

    def surge(self) -> int:
        """Return on how many nodes a second Pod may be (SurgeCount)."""
        return _scaled(self._rolling("maxSurge"), self.desired)

    def allows_surge(self) -> bool:
        return _scaled(self._rolling("maxSurge"), 1) > 0

    def unavailable(self) -> int:
        """Return on how many nodes the Pod may be missing (UnavailableCount), never 0 without a surge."""
        found = _scaled(self._rolling("maxUnavailable"), self.desired)
        return found if found or self.surge() else 1

    def _rolling(self, name: str) -> Any:
        strategy = self.ds["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return 0
        return (strategy.get("rollingUpdate") or {}).get(name) or 0


def _scaled(value: int | str, total: int) -> int:
    """Return an int-or-percent of *total*, rounded up."""
    return ceil(int(value[:-1]) * total / 100) if isinstance(value, str) else int(value)


def _phase(pod: Obj) -> str:
    return (pod.get("status") or {}).get("phase") or ""


def _by_age(pod: Obj) -> tuple[bool, str, str]:
    meta = pod["metadata"]
    return not pod["spec"].get("nodeName"), meta.get("creationTimestamp") or "", meta["name"]
