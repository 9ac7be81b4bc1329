"""PV protection controller: keep the finalizer on a volume until it is bound to no claim.

Source: pkg/controller/volume/pvprotection/pv_protection_controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.apimachinery.meta import Obj, Ref, field, finalizers_of, is_terminating, ref_of, replaced, without
from core.client.actions import NOTHING, Plan, Update
from core.client.cache import View
from core.sim.settings import Settings

FINALIZER: Final = "kubernetes.io/pv-protection"


class PVProtectionController:
    name = "pv-protection-controller"
    process = "kube-controller-manager"
    latency = 0.02
    resync_period = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {"PersistentVolume": _volume_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(volume) for volume in view.list("PersistentVolume") if _needs_work(volume)]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        volume = view.get(key.kind, "", key.name)
        if volume is None or not _needs_work(volume):
            return NOTHING
        finalizers = finalizers_of(volume)
        if not is_terminating(volume):
            return Plan((Update(replaced(volume, "metadata.finalizers", [*finalizers, FINALIZER])),))
        # Released, Available, Failed and Pending volumes are not in use, whatever their claimRef says
        if field(volume, "status.phase") == "Bound":
            claim = f"{field(volume, 'spec.claimRef.namespace')}/{field(volume, 'spec.claimRef.name')}"
            return Plan(because=f"is being deleted, but is kept while it is bound to claim {claim}")
        kept = [finalizer for finalizer in finalizers if finalizer != FINALIZER]
        freed = (
            replaced(volume, "metadata.finalizers", kept) if kept else without(volume, "metadata.finalizers")
        )
        return Plan((Update(freed),), because="is let go: it is bound to no claim")


def _needs_work(volume: Obj) -> bool:
    """A terminating volume that is still protected may be let go; another that lacks protection gets it."""
    return (FINALIZER in finalizers_of(volume)) == is_terminating(volume)


def _volume_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None and _needs_work(new) else ()
