"""The writes that join a volume and a claim, and those that part them.

Source: pkg/controller/volume/persistentvolume/pv_controller.go (bind, unbindVolume, updateClaimStatus,
updateVolumePhase; v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, annotations_of, name_of, replaced, without
from core.apimachinery.quantity import compare
from core.client.actions import Action, RecordEvent, Update, UpdateStatus
from core.storage.binding import (
    ANN_BIND_COMPLETED,
    ANN_BOUND_BY_CONTROLLER,
    ANN_PRE_RESIZE_CAPACITY,
    get_bind_volume_to_claim,
    with_annotations,
    without_annotation,
)


def bind(volume: Obj, claim: Obj) -> tuple[Action, ...]:
    """Return what is still to be written of the four writes: volume, its phase, claim, its status.

    The volume comes first: once its claimRef has the claim's uid nobody else can take it, so a binding that
    is interrupted after any write is completed by the next sync and never undone.
    """
    actions: list[Action] = []
    referring = get_bind_volume_to_claim(volume, claim)
    if referring is not None:
        actions.append(Update(referring))
    actions += update_volume_phase(_written(referring) or volume, "Bound")
    naming = bind_claim_to_volume(claim, volume)
    if naming is not None:
        actions.append(Update(naming))
    actions += update_claim_status(_written(naming) or claim, "Bound", volume)
    return tuple(actions)


def _written(obj: Obj | None) -> Obj | None:
    """Return *obj* for a second write in the same plan: its resourceVersion is no longer the stored one."""
    return None if obj is None else without(obj, "metadata.resourceVersion")


def bind_claim_to_volume(claim: Obj, volume: Obj) -> Obj | None:
    """Return *claim* as the third write leaves it, or None when it already is so."""
    added = {}
    if ANN_BIND_COMPLETED not in annotations_of(claim):
        added[ANN_BIND_COMPLETED] = "yes"
    naming = claim
    if claim["spec"].get("volumeName") != name_of(volume):
        naming = replaced(claim, "spec.volumeName", name_of(volume))
        added[ANN_BOUND_BY_CONTROLLER] = "yes"
    elif not added:
        return None
    return with_annotations(naming, added)


def unbind_volume(volume: Obj) -> tuple[Action, ...]:
    """Make *volume* Available: take back the claimRef if we wrote it, else keep its name as a reservation."""
    if ANN_BOUND_BY_CONTROLLER in annotations_of(volume):
        freed = without_annotation(without(volume, "spec.claimRef"), ANN_BOUND_BY_CONTROLLER)
    else:
        freed = without(without(volume, "spec.claimRef.uid"), "spec.claimRef.resourceVersion")
    return Update(freed), *update_volume_phase(without(freed, "metadata.resourceVersion"), "Available")


def update_volume_phase(volume: Obj, phase: str, message: str = "") -> tuple[Action, ...]:
    status = volume.get("status") or {}
    if status.get("phase") == phase:
        return ()
    # The time is the API server's: in a binding the volume's own sync may have been quicker than this one.
    gone = ("message", "reason", "lastPhaseTransitionTime")
    kept = {key: value for key, value in status.items() if key not in gone}
    changed = {**kept, "phase": phase, **({"message": message} if message else {})}
    return (UpdateStatus({**volume, "status": changed}),)


def fail_volume(volume: Obj, reason: str, message: str) -> tuple[Action, ...]:
    """Mark *volume* Failed, with an Event; a volume that already is Failed is not marked twice."""
    writes = update_volume_phase(volume, "Failed", message)
    return (*writes, RecordEvent(volume, "Warning", reason, message)) if writes else ()


def update_claim_status(claim: Obj, phase: str, volume: Obj | None = None) -> tuple[Action, ...]:
    """Write the claim's phase with what it got from *volume*; without one it has neither modes nor capacity.

    The capacity is taken when the claim becomes Bound and not later: while a file system grows, the claim's
    rightly lags behind the volume's.
    """
    status = claim.get("status") or {}
    changed = {key: value for key, value in status.items() if key not in ("accessModes", "capacity")}
    changed["phase"] = phase
    if volume is not None:
        changed["accessModes"] = volume["spec"].get("accessModes") or []
        changed["capacity"] = status.get("capacity") or {}
        if status.get("phase") != phase:
            changed["capacity"] = _capacity(changed["capacity"], volume)
        attributes_class = volume["spec"].get("volumeAttributesClassName")
        if attributes_class:
            changed["currentVolumeAttributesClassName"] = attributes_class
        changed = {key: value for key, value in changed.items() if value not in ([], {})}
    return (UpdateStatus({**claim, "status": changed}),) if changed != status else ()


def _capacity(capacity: dict[str, str], volume: Obj) -> dict[str, str]:
    storage = volume["spec"]["capacity"]["storage"]
    storage = annotations_of(volume).get(ANN_PRE_RESIZE_CAPACITY, storage)
    if "storage" in capacity and compare(capacity["storage"], storage) == 0:
        return capacity
    return {**capacity, "storage": storage}
