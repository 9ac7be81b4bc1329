"""Expand controller: a bound claim asks for more than its volume has; say who would have to grow it.

Source: pkg/controller/volume/expand/expand_controller.go (v1.36).
Differs: no plugin of this process can grow a volume, as none of upstream's host-path, local and nfs can,
so it always waits for an external controller.
Not modelled: an external resizer. A claim stays at its old capacity, as it does in a cluster without one.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.apimachinery import quantity
from core.apimachinery.meta import Obj, Ref, field, ref_of
from core.client.actions import NOTHING, Plan, RecordEvent
from core.client.cache import View
from core.sim.settings import Settings

_WAITING = "waiting for an external controller to expand this PVC"


class ExpandController:
    name = "volume_expand"
    process = "kube-controller-manager"
    latency = 0.005
    resync_period = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {"PersistentVolumeClaim": _claim_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return ()  # the Event is for the change of the request, not for the state it leaves behind

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        claim = view.get(key.kind, key.namespace, key.name)
        if claim is None or field(claim, "status.phase") != "Bound":
            return NOTHING
        wanted, has = _requested(claim), _capacity(claim)
        if quantity.compare(wanted, has) <= 0:
            return NOTHING
        event = RecordEvent(claim, "Normal", "ExternalExpanding", _WAITING)
        because = f"asks for {wanted} and has {has}: waits for an external controller to expand its volume"
        return Plan((event,), because=because)


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """A claim asks for more, or has just got its capacity, which may be less than it asks for."""
    if old is None or new is None:
        return ()
    asks_more = old["spec"] != new["spec"] and _grew(_requested(old), _requested(new))
    has_more = old["status"] != new["status"] and _grew(_capacity(old), _capacity(new))
    return (ref_of(new),) if asks_more or has_more else ()


def _grew(before: str, after: str) -> bool:
    return quantity.compare(after, before) > 0


def _capacity(claim: Obj) -> str:
    return str(field(claim, "status.capacity.storage", "0"))


def _requested(claim: Obj) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])
