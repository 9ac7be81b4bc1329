"""Why things were as they were: the components are asked about a view that is over.

A component's sync is pure, so what it decides about an old view is what it decided then; nobody had to
write it down. Asked is only about what somebody looks at, and only the components that would have synced
the thing itself or its controller: so a moment of thousands of Pods costs what is not Ready in it.
Source: none in Kubernetes; core/manager.py does the same for the cluster as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.apimachinery.meta import Obj, Ref, controller_of
from core.client.cache import View
from core.client.component import Component

MOST = 400  # syncs of one view: what is beyond stays without words


class Hindsight(Mapping[Ref, str]):
    """Ref -> one clause, worked out when it is asked for."""

    def __init__(
        self, view: View, gone: Mapping[Ref, Obj], now: float, components: Sequence[Component]
    ) -> None:
        """*gone*: the last Pod of each seat; *now*: simulated epoch seconds of the view."""
        self._view, self._gone, self._now = view, gone, now
        self._components = components
        self._known: dict[Ref, str] = {}
        self._own: dict[Ref, str] = {}
        self._said: dict[Ref, str] = {}
        self._asked: set[tuple[int, Ref]] = set()

    def __getitem__(self, ref: Ref) -> str:
        if ref not in self._known:
            for key in dict.fromkeys((*self._controllers(ref), ref)):
                self._ask(key)
            self._known[ref] = self._own.get(ref) or self._said.get(ref, "")
        words = self._known[ref]
        if not words:
            raise KeyError(ref)
        return words

    def __iter__(self) -> Iterator[Ref]:
        return (ref for ref, words in self._known.items() if words)

    def __len__(self) -> int:
        return sum(map(bool, self._known.values()))

    def _controllers(self, ref: Ref) -> Iterator[Ref]:
        """Yield who would have made *ref*: its controller, or by its name the set that has a seat for it."""
        obj = self._view.get(*ref) or self._gone.get(ref)
        owner = controller_of(obj) if obj is not None else None
        if owner is not None:
            yield Ref(owner["kind"], ref.namespace, owner["name"])
        elif ref.kind == "Pod":
            yield Ref("StatefulSet", ref.namespace, ref.name.rpartition("-")[0])

    def _ask(self, key: Ref) -> None:
        obj = self._view.get(*key)
        if obj is None:
            return
        for number, component in enumerate(self._components):
            handler = component.watches.get(key.kind)
            if handler is None or (number, key) in self._asked or len(self._asked) >= MOST:
                continue
            if key in handler(self._view, None, obj):
                self._asked.add((number, key))
                plan = component.sync(self._view, key, self._now)
                if plan.because:
                    self._own[key] = plan.because
                self._said.update(plan.notes)
