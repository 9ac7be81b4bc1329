"""The informers: who has seen which write. A process reads the API server's cache, or one that hears late.

How late stands in the settings of the cluster. Each kind comes to each process in a stream of its own, in
order; between kinds there is none, as between the watches of a real informer factory.
Source: staging/src/k8s.io/client-go/tools/cache (reflector.go, shared_informer.go),
pkg/controller/util/consistency/consistency.go, pkg/controller/controller_utils.go (expectations; v1.36).
Differs: a kubelet hears of its own Pods in a stream a node; there is one cache for all kubelets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.apimachinery.meta import Ref
from core.apiserver.store import Change, Store
from core.client.cache import View
from core.client.component import Component
from core.client.latecache import LateCache
from core.sim.flags import lags
from core.sim.ids import share
from core.sim.settings import Settings

KUBELET = "kubelet"
DISK = "VolumeFile"  # no object of the API: what is on a disk is there


@dataclass(frozen=True, slots=True)
class Delivery:
    """Loop entry: a process takes in what is due of one stream."""

    process: str
    stream: str


@dataclass(slots=True)
class _Late:
    """A process that lags. ``streams``: what is on its way, with the simulated time of its arrival."""

    cache: LateCache
    lag: float
    streams: dict[str, deque[tuple[float, Change]]] = field(default_factory=dict)


class Informers:
    """The caches of all processes, and what has not come to them yet."""

    def __init__(self, store: Store, settings: Settings, components: Iterable[Component]) -> None:
        self._store = store
        self._jitter = settings.watch_jitter
        own = lags(settings.watch_lag_of)
        self._lags = {
            component.process: own.get(component.process, settings.watch_lag) for component in components
        }
        self.late: dict[str, _Late] = {}
        self.awaited: dict[tuple[str, Ref], dict[str, int]] = {}  # of a component's key: kind -> revision

    def restart(self) -> None:
        """List everything anew, as every process does when it starts."""
        self.awaited.clear()
        self.late = {
            process: _Late(LateCache(lambda: self._store.view), lag)
            for process, lag in self._lags.items()
            if lag or self._jitter
        }

    def view_of(self, component: Component) -> View:
        late = self.late.get(component.process)
        return late.cache if late is not None else self._store.view

    # -- on their way ------------------------------------------------------------------------------

    def send(self, change: Change) -> Iterator[tuple[float, Delivery]]:
        """Put *change* on its way to all that lag; yield when each stream has something to deliver."""
        for process, late in self.late.items():
            if change.ref.kind == DISK:
                late.cache.hear(change.obj, deleted=change.type == "DELETED")
                continue
            stream = _stream(process, change)
            if stream is None:
                continue
            waiting = late.streams.setdefault(stream, deque())
            at = change.at + late.lag
            if self._jitter:
                at += self._jitter * share(self._store.ids.seed, "watch", process, stream, change.revision)
            if waiting:
                at = max(at, waiting[-1][0])
            waiting.append((at, change))
            yield waiting[0][0], Delivery(process, stream)

    def arrive(self, delivery: Delivery, now: float) -> tuple[list[Change], float | None]:
        """Let the process see what is due by *now*; return that, and when more of the stream is due."""
        late = self.late[delivery.process]
        waiting = late.streams[delivery.stream]
        seen: list[Change] = []
        while waiting and waiting[0][0] <= now:
            _, change = waiting.popleft()
            late.cache.hear(change.obj, deleted=change.type == "DELETED")
            seen.append(change)
        return seen, waiting[0][0] if waiting else None

    # -- what a component remembers of its own writes ------------------------------------------------

    def wrote(self, component: Component, key: Ref, ref: Ref | None) -> None:
        """Remember that *component*, busy with *key*, has just written *ref*, if the API server let it."""
        late = self.late.get(component.process)
        if late is None or ref is None:
            return
        written = self._store.get(ref)
        if written is not None and getattr(component, "assumes", False):
            late.cache.hear(written, deleted=False)
        if ref.kind in getattr(component, "awaits", ()):
            self.awaited.setdefault((component.name, key), {})[ref.kind] = self._store.head

    def has_seen_its_writes(self, component: Component, key: Ref) -> bool:
        """Say whether the cache has caught up with what *component* wrote for *key* (EnsureReady)."""
        awaited = self.awaited.get((component.name, key))
        if awaited is None:
            return True
        streams = self.late[component.process].streams
        for kind, revision in awaited.items():
            waiting = streams.get(kind)
            if waiting and waiting[0][1].revision <= revision:
                return False
        del self.awaited[component.name, key]
        return True


def _stream(process: str, change: Change) -> str | None:
    """Return which of its watches brings *change* to *process*; None: none does."""
    kind = change.ref.kind
    if process != KUBELET or kind != "Pod":
        return kind
    node = change.obj["spec"].get("nodeName")
    return f"{kind} {node}" if node else None
