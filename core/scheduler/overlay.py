"""The cluster as it would be without some Pods: what a trial of the scheduler reads.

Source: pkg/scheduler/framework NodeInfo.RemovePod and AddPod; the plugins' PreFilterExtensions (v1.36).
Differs: a trial prepares the filters anew instead of telling each what was taken away.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from core.api.nominations import chosen_node
from core.api.resources import NO_USAGE, Usage, minus, plus, pod_requests
from core.apimachinery.meta import Obj, uid_of
from core.client.cache import Objects, View


class Overlay:
    """*view* without the *hidden* Pods. None of them may have ended."""

    def __init__(self, view: View, hidden: Iterable[Obj]) -> None:
        self._view = view
        self._hidden: set[str] = set()
        self._freed: dict[str, Usage] = {}
        for pod in hidden:
            self.hide(pod)

    def hide(self, pod: Obj) -> None:
        node = chosen_node(pod)
        self._hidden.add(uid_of(pod))
        self._freed[node] = plus(self._freed.get(node, NO_USAGE), pod_requests(pod))

    def show(self, pod: Obj) -> None:
        node = chosen_node(pod)
        self._hidden.remove(uid_of(pod))
        self._freed[node] = minus(self._freed[node], pod_requests(pod))

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        found = self._view.get(kind, namespace, name)
        return found if found is None or kind != "Pod" or uid_of(found) not in self._hidden else None

    def list(self, kind: str, namespace: str | None = None) -> list[Obj]:
        return self._seen(self._view.list(kind, namespace))

    def indexed(self, index: str, value: Hashable) -> Objects:
        return self._seen(self._view.indexed(index, value))

    def count(self, index: str, value: Hashable) -> int:
        return len(self.indexed(index, value))

    def usage(self, node: str) -> Usage:
        return minus(self._view.usage(node), self._freed.get(node, NO_USAGE))

    def priorities(self, node: str) -> Mapping[int, int]:
        return self._view.priorities(node)

    @property
    def live(self) -> View:
        return self._view.live

    def _seen(self, objects: Objects) -> Objects:
        return [obj for obj in objects if obj["metadata"].get("uid") not in self._hidden]
