"""sync_volume: which phase a volume is in, judged by its claimRef and the claim that it names.

Source: pkg/controller/volume/persistentvolume/pv_controller.go (syncVolume; v1.36). The branches carry the
row numbers of the specification (ST-2.60).
Differs: a volume becomes Released in one sync and is reclaimed in the next.
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, annotations_of, finalizers_of, is_terminating, name_of, replaced
from core.client.actions import NOTHING, Plan, RecordEvent, Update
from core.client.cache import View
from core.controllers.persistentvolume.bind import unbind_volume, update_volume_phase
from core.controllers.persistentvolume.reclaim import (
    IN_TREE_FINALIZER,
    reclaim_volume,
    without_deletion_finalizer,
)
from core.storage.binding import ANN_BOUND_BY_CONTROLLER, ANN_DYNAMICALLY_PROVISIONED
from core.storage.matching import check_volume_mode_mismatches


def sync_volume(view: View, volume: Obj) -> Plan:
    guarded = _with_deletion_finalizer(volume)
    if guarded is not None:
        return Plan((Update(guarded),))

    ref = volume["spec"].get("claimRef")
    if ref is None:  # V1: nobody's
        return Plan(update_volume_phase(volume, "Available"), because="waits for a claim that it fits")
    if not ref.get("uid"):  # V2: reserved by name
        because = f"is reserved for claim {ref.get('namespace', '')}/{ref['name']}"
        return Plan(update_volume_phase(volume, "Available"), because=because)

    claim = _claim_of(view, volume)
    if claim is None:  # V3: that very claim is gone, even if another has its name
        return _release(view, volume)
    named = claim["spec"].get("volumeName")
    if not named:
        return _half_bound(volume, claim)
    if named == name_of(volume):  # V6: both point at each other
        return Plan(writes) if (writes := update_volume_phase(volume, "Bound")) else NOTHING

    # The claim took another volume; this one lost a race or was pre-bound by somebody.
    annotations = annotations_of(volume)
    if ANN_DYNAMICALLY_PROVISIONED in annotations and _policy(volume) == "Delete":  # V7: made in vain
        return _release(view, volume)
    # V8 our claimRef, V9 somebody's
    ours = ANN_BOUND_BY_CONTROLLER in annotations
    because = f"claim {ref['name']} took {named}" + ("" if ours else "; the reservation by name is kept")
    return Plan(unbind_volume(volume), because=because)


def half_bound_claim(view: View, volume: Obj) -> Obj | None:
    """Return the claim that *volume* refers to and that does not name it yet: it is to be synced now (V5)."""
    ref = volume["spec"].get("claimRef")
    claim = _claim_of(view, volume) if ref is not None and ref.get("uid") else None
    if claim is None or claim["spec"].get("volumeName") or check_volume_mode_mismatches(claim, volume):
        return None
    return claim


def _half_bound(volume: Obj, claim: Obj) -> Plan:
    if not check_volume_mode_mismatches(claim, volume):  # V5: the claim's own sync completes it
        return Plan(because=f"waits for claim {name_of(claim)} to take it")
    # V4
    why = "due to incompatible volumeMode."
    to_volume = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{name_of(claim)}" {why}'
    to_claim = f'Cannot bind PersistentVolume "{name_of(volume)}" to requested PersistentVolumeClaim {why}'
    return Plan(
        (
            RecordEvent(volume, "Warning", "VolumeMismatch", to_volume),
            RecordEvent(claim, "Warning", "VolumeMismatch", to_claim),
        ),
        because=f"cannot be bound to claim {name_of(claim)}: one is a Block volume, the other a Filesystem",
    )


def _release(view: View, volume: Obj) -> Plan:
    if (volume.get("status") or {}).get("phase") not in ("Released", "Failed"):
        ref = volume["spec"]["claimRef"]
        because = f"its claim {ref.get('namespace', '')}/{ref['name']} is gone"
        return Plan(update_volume_phase(volume, "Released"), because=because)
    return reclaim_volume(view, volume) if _is_still_released(view, volume) else NOTHING


def _is_still_released(view: View, volume: Obj) -> bool:
    """Ask the API server once more before any data goes (recycleVolumeOperation, deleteVolumeOperation)."""
    stored = view.live.get("PersistentVolume", "", name_of(volume))
    return stored is not None and stored["spec"].get("claimRef") == volume["spec"]["claimRef"]


def _claim_of(view: View, volume: Obj) -> Obj | None:
    """Return the claim with the name and the uid of the claimRef.

    One that the cache does not know is asked for at the API server: what belongs to it would be deleted.
    """
    ref = volume["spec"]["claimRef"]
    for source in (view, view.live):
        claim = source.get("PersistentVolumeClaim", ref.get("namespace", ""), ref["name"])
        if claim is not None and claim["metadata"]["uid"] == ref["uid"]:
            return claim
    return None


def _policy(volume: Obj) -> str:
    return volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"


def _with_deletion_finalizer(volume: Obj) -> Obj | None:
    """Return *volume* with the in-tree deleter's finalizer added or removed, or None if it is right.

    It is not added to a volume that is being reclaimed: there we have just removed it.
    """
    provisioner = annotations_of(volume).get(ANN_DYNAMICALLY_PROVISIONED, "")
    if not provisioner.startswith("kubernetes.io/"):
        return None
    finalizers = finalizers_of(volume)
    present = IN_TREE_FINALIZER in finalizers
    if _policy(volume) != "Delete":
        return without_deletion_finalizer(volume) if present else None
    in_use = (volume.get("status") or {}).get("phase") not in ("Released", "Failed")
    if present or is_terminating(volume) or not in_use:
        return None
    return replaced(volume, "metadata.finalizers", [*finalizers, IN_TREE_FINALIZER])
