"""sync_claim: find a volume for a claim that has none, and watch over the one of a claim that has.

Source: pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim, syncBoundClaim; v1.36).
The branches carry the row numbers of the specification (ST-2.40, ST-2.50).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref, annotations_of, name_of, namespace_of, replaced, uid_of, without
from core.apimachinery.quantity import parse
from core.client.actions import NOTHING, Plan, RecordEvent, Update
from core.client.cache import View
from core.controllers.persistentvolume.bind import bind, update_claim_status
from core.controllers.persistentvolume.provision import but_nearly, provision_claim
from core.storage.binding import ANN_BIND_COMPLETED, ANN_BOUND_BY_CONTROLLER, is_volume_bound_to_claim
from core.storage.classes import (
    get_default_class,
    is_delay_binding_mode,
    is_delay_binding_provisioning,
    persistent_volume_claim_class,
    persistent_volume_claim_has_class,
    persistent_volume_class,
)
from core.storage.matching import (
    candidate_volumes,
    check_access_modes,
    check_volume_attributes_class_mismatches,
    check_volume_mode_mismatches,
    find_best_match_for_claim,
    requested_storage,
)
from core.storage.misses import misfits


def sync_claim(view: View, claim: Obj, now: float) -> Plan:
    if ANN_BIND_COMPLETED in annotations_of(claim):
        return _sync_bound_claim(view, claim)
    if claim["spec"].get("volumeName"):
        return _sync_claim_with_volume_name(view, claim)
    return _sync_unbound_claim(view, claim, now)


# -- claims that leave the choice to us: U1 to U5 ------------------------------------------------------


def _sync_unbound_claim(view: View, claim: Obj, now: float) -> Plan:
    class_name = persistent_volume_claim_class(claim)
    storage_class = view.get("StorageClass", "", class_name) if class_name else None
    delayed = is_delay_binding_mode(storage_class)

    volume = find_best_match_for_claim(claim, candidate_volumes(view, claim), delay_binding=delayed)
    if volume is not None:  # U1
        return Plan(bind(volume, claim), because=f"gets volume {name_of(volume)}, which fits")
    if not persistent_volume_claim_has_class(claim):
        default = get_default_class(view.list("StorageClass"))
        if default is not None:  # U2: a default class came after the claim
            assigned = replaced(claim, "spec.storageClassName", name_of(default))
            return Plan((Update(assigned),), because=f"gets the default class {name_of(default)}")
    if delayed and not is_delay_binding_provisioning(claim):  # U3
        return _wait_for_consumer(view, claim, class_name)
    if class_name:  # U4
        return provision_claim(view, claim, storage_class, now)

    # U5
    message = "no persistent volumes available for this claim and no storage class is set"
    because = f"no volume fits and no class is asked to make one{but_nearly(view, claim)}"
    return _pending(claim, RecordEvent(claim, "Normal", "FailedBinding", message), because=because)


def _wait_for_consumer(view: View, claim: Obj, class_name: str) -> Plan:
    pods = view.indexed("pods-by-claim", (namespace_of(claim), name_of(claim)))
    waiting = sorted(name_of(pod) for pod in pods if _is_unscheduled(pod))
    if not waiting:
        message = "waiting for first consumer to be created before binding"
        event = RecordEvent(claim, "Normal", "WaitForFirstConsumer", message)
        because = f"waits for a Pod that uses it: class {class_name} binds when the Pod's node is known"
        return _pending(claim, event, because=because)
    noun = "pod" if len(waiting) == 1 else "pods"
    message = f"waiting for {noun} {','.join(waiting)} to be scheduled"
    event = RecordEvent(claim, "Normal", "WaitForPodScheduled", message)
    because = f"waits for {noun} {', '.join(waiting)} to be given a node"
    return _pending(claim, event, because=because)


def _is_unscheduled(pod: Obj) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return not pod["spec"].get("nodeName") and phase not in ("Succeeded", "Failed")


# -- claims that name their volume: U6 to U11 ----------------------------------------------------------


def _sync_claim_with_volume_name(view: View, claim: Obj) -> Plan:
    name = claim["spec"]["volumeName"]
    volume = view.get("PersistentVolume", "", name)
    if volume is None:  # U6
        return _pending(claim, because=f"names volume {name}, which does not exist")
    if is_volume_bound_to_claim(volume, claim):  # U9: both sides agree, nothing is tested
        return Plan(bind(volume, claim), because=f"gets volume {name}, which is reserved for it")
    if volume["spec"].get("claimRef") is None:
        problem = check_volume_satisfy_claim(volume, claim)
        if not problem:  # U7: phase, labels and node affinity are the user's business
            return Plan(bind(volume, claim), because=f"gets volume {name}, which it names")
        # U8
        message = f'Cannot bind to requested volume "{name}": {problem}'
        event = RecordEvent(claim, "Warning", "VolumeMismatch", message)
        tested = without(claim, "spec.selector")
        because = f"names volume {name}, which {' and '.join(misfits(tested, volume))}"
        return _pending(claim, event, because=because)

    message = f'volume "{name}" already bound to a different claim.'
    event = RecordEvent(claim, "Warning", "FailedBinding", message)
    ref = volume["spec"]["claimRef"]
    because = f"names volume {name}, which belongs to claim {ref.get('namespace', '')}/{ref['name']}"
    if ANN_BOUND_BY_CONTROLLER in annotations_of(claim):  # U11: somebody removed bind-completed
        return Plan((event,), because=because)
    return _pending(claim, event, because=because)  # U10


def check_volume_satisfy_claim(volume: Obj, claim: Obj) -> str:
    """Return what keeps a volume that *claim* names from it, in the words of the Event, or ""."""
    if "deletionTimestamp" in volume["metadata"]:
        return f'the volume is marked for deletion "{name_of(volume)}"'
    if parse(volume["spec"]["capacity"]["storage"]) < requested_storage(claim):
        return "requested PV is too small"
    if persistent_volume_class(volume) != persistent_volume_claim_class(claim):
        return "storageClassName does not match"
    if check_volume_attributes_class_mismatches(claim, volume):
        return "volumeAttributesClassName does not match"
    if check_volume_mode_mismatches(claim, volume):
        return "incompatible volumeMode"
    if not check_access_modes(claim, volume):
        return "incompatible accessMode"
    return ""


def _pending(claim: Obj, *events: RecordEvent, because: str) -> Plan:
    return Plan((*events, *update_claim_status(claim, "Pending")), because=because)


# -- claims that were bound: B1 to B5 ------------------------------------------------------------------


def _sync_bound_claim(view: View, claim: Obj) -> Plan:
    name = claim["spec"].get("volumeName")
    if not name:  # B1
        return _lost(
            claim,
            "ClaimLost",
            "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
            because="was bound, and its volume's name was removed from it",
        )
    volume = view.get("PersistentVolume", "", name)
    if volume is None:  # B2
        return _lost(
            claim,
            "ClaimLost",
            "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
            because=f"its volume {name} was deleted under it",
        )
    ref = volume["spec"].get("claimRef")
    if ref is None or ref.get("uid") == uid_of(claim):  # B3: a volume of that name came back; B4: all well
        actions = bind(volume, claim)
        return Plan(actions) if actions else NOTHING
    # B5
    owner = Ref("PersistentVolumeClaim", ref.get("namespace", ""), ref["name"])
    return _lost(
        claim,
        "ClaimMisbound",
        "Two claims are bound to the same volume, this one is bound incorrectly",
        because=f"its volume {name} remembers another claim: {owner.namespace}/{owner.name}",
    )


def _lost(claim: Obj, reason: str, message: str, *, because: str) -> Plan:
    writes = update_claim_status(claim, "Lost")
    if (claim.get("status") or {}).get("phase") == "Lost":
        return Plan(writes, because=because)
    return Plan((*writes, RecordEvent(claim, "Warning", reason, message)), because=because)
