"""PersistentVolume controller: hear of volumes and claims, and sync each on its own.

Volumes and claims point at one another (``spec.claimRef``, ``spec.volumeName``). The two pointers cannot be
written at once, so every sync looks at one object, repairs what it can see, and leaves the rest to the
next: whatever was interrupted is completed by whoever comes by.

Source: pkg/controller/volume/persistentvolume/pv_controller_base.go (v1.36).
Differs: provisioning and deletion, goroutines there, are the sync that follows the write which starts them.
Not modelled: migration to CSI, the VolumeAttributesClass gate (on, as in v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.actions import NOTHING, Plan
from core.client.cache import View
from core.client.component import Handler
from core.controllers.persistentvolume.claim import sync_claim
from core.controllers.persistentvolume.volume import half_bound_claim, sync_volume
from core.sim.settings import Settings


class PersistentVolumeController:
    name = "persistentvolume-controller"
    process = "kube-controller-manager"
    latency = 0.002
    assumes = True  # its own stores of volumes and claims

    def __init__(self, settings: Settings) -> None:
        self.resync_period: float | None = settings.pvclaimbinder_sync_period
        self.watches: Mapping[str, Handler] = {
            "PersistentVolume": _volume_changed,
            "PersistentVolumeClaim": _claim_changed,
            # Read, but no reason to look at anything before the next resync.
            "StorageClass": _unheard,
            "Pod": _unheard,
            "Node": _unheard,
            "VolumeFile": _unheard,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        """Return every volume, then every claim: this beat alone makes Pending claims find new volumes."""
        yield from map(ref_of, view.list("PersistentVolume"))
        yield from map(ref_of, view.list("PersistentVolumeClaim"))

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        obj = view.get(*key)
        if obj is None:
            return NOTHING
        return sync_volume(view, obj) if key.kind == "PersistentVolume" else sync_claim(view, obj, now)


def _volume_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is not None:
        yield ref_of(new)
        claim = half_bound_claim(view, new)
        if claim is not None:
            yield ref_of(claim)
    elif old is not None and old["spec"].get("claimRef"):
        claim_ref = old["spec"]["claimRef"]
        yield Ref("PersistentVolumeClaim", claim_ref.get("namespace", ""), claim_ref["name"])


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is not None:
        yield ref_of(new)
    elif old is not None and old["spec"].get("volumeName"):
        yield Ref("PersistentVolume", "", old["spec"]["volumeName"])


def _unheard(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return ()
