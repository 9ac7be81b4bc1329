"""What every simulated component is: a name, what it watches, and a pure ``sync``.

Source: the shape of pkg/controller (v1.36); controllers.md of kubernetes/community.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, runtime_checkable

from core.apimachinery.meta import Obj, Ref
from core.client.actions import Plan
from core.client.cache import View

# Which keys does this change concern? Called with (view after the change, old or None, new or None).
Handler = Callable[[View, Obj | None, Obj | None], Iterable[Ref]]


class Component(Protocol):
    """A controller, the scheduler, a kubelet, a provisioner.

    Instances keep no state between syncs: all is derived from the view and ``now``. What upstream remembers
    of its own writes while its cache lags, the manager remembers for it. A class may say so with

    ``awaits``: kinds; a key is not synced before its process's cache has seen what the last syncs of this
    key wrote of these (expectations, the consistency store, the endpoint slice tracker);
    ``assumes``: True if it knows what it wrote at once (assume caches, the kubelet's status manager).
    """

    @property
    def name(self) -> str:
        """As its Events report it: ``statefulset-controller``."""
        ...

    @property
    def process(self) -> str:
        """Whose cache it reads: ``kube-controller-manager``, ``kubelet``, a provisioner's name."""
        ...

    @property
    def latency(self) -> float:
        """Simulated seconds from a key being queued to its sync."""
        ...

    @property
    def watches(self) -> Mapping[str, Handler]:
        """Kind -> handler. A key is a Ref of any kind the component knows how to sync."""
        ...

    @property
    def resync_period(self) -> float | None:
        """Every so many simulated seconds all ``resync_keys`` are queued (a background beat), or None."""
        ...

    def resync_keys(self, view: View) -> Iterable[Ref]:
        """Return the keys of a resync; also queued when the component starts."""
        ...

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        """Decide what to do about *key*. Pure. *now*: simulated seconds since the Unix epoch."""
        ...


@runtime_checkable
class Ranking(Protocol):
    """A component that takes the keys that wait for it by rank, not as they came."""

    def rank(self, view: View, key: Ref) -> int:
        """Return the place of *key*: the lowest first."""
        ...
