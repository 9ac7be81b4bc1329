"""Dynamic provisioning as the binder does it: ask an external provisioner, or make the volume in-tree.

Source: pkg/controller/volume/persistentvolume/pv_controller.go (provisionClaim), pkg/volume/hostpath (v1.36).
Differs: the one in-tree plugin is kubernetes.io/host-path; its paths derive from the claim's uid.
"""

from __future__ import annotations

import uuid

from core.api.faults import is_stopped
from core.api.pauses import OF_VOLUMES, doubled
from core.apimachinery.meta import Obj, annotations_of, name_of, uid_of
from core.apimachinery.timestamps import seconds
from core.client.actions import Create, Plan, RecordEvent, Update
from core.client.cache import View
from core.controllers.persistentvolume.reclaim import HOST_PATH_PLUGIN, IN_TREE_FINALIZER
from core.storage.binding import (
    ANN_BETA_STORAGE_PROVISIONER,
    ANN_BOUND_BY_CONTROLLER,
    ANN_DYNAMICALLY_PROVISIONED,
    ANN_STORAGE_PROVISIONER,
    claim_reference,
    with_annotations,
    without_annotation,
)
from core.storage.classes import (
    SELECTED_NODE_ANNOTATION,
    persistent_volume_claim_class,
    provisioner_trouble,
)
from core.storage.misses import nearest_miss

_EXTERNAL_PROVISIONING = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and "
    "correctly registered."
)


def provision_claim(view: View, claim: Obj, storage_class: Obj | None, now: float) -> Plan:
    """Have a volume made for *claim*, one step a sync: first say who shall make it, then make it."""
    class_name = persistent_volume_claim_class(claim)
    if storage_class is None:
        return _failed(
            claim,
            f'storageclass.storage.k8s.io "{class_name}" not found',
            because=f"no volume fits and class {class_name} does not exist{but_nearly(view, claim)}",
        )
    provisioner = storage_class["provisioner"]
    if provisioner == HOST_PATH_PLUGIN:
        plan = _provision_in_tree(view, claim, storage_class)
        failures = [a for a in plan.actions if isinstance(a, RecordEvent) and a.type == "Warning"]
        if any(_is_held_back(view, failure, now) for failure in failures):
            return Plan(because=plan.because)
        return plan
    if provisioner.startswith("kubernetes.io/"):
        return _failed(
            claim,
            f"no volume plugin matched name: {provisioner}",
            because=f"no volume fits and class {class_name} makes none{but_nearly(view, claim)}",
        )
    asked = _set_claim_provisioner(claim, provisioner)
    message = _EXTERNAL_PROVISIONING.format(provisioner)
    trouble = provisioner_trouble(storage_class)
    because = f"waits for provisioner {provisioner}" + (
        f", which {trouble}" if trouble else " to make a volume"
    )
    told = RecordEvent(claim, "Normal", "ExternalProvisioning", message)
    return Plan((*([Update(asked)] if asked else []), told), because=because)


def but_nearly(view: View, claim: Obj) -> str:
    """Return the end of a *because*: the volume that nearly fits, and what it lacks."""
    miss = nearest_miss(view, claim)
    return f"; {miss}" if miss else ""


def _failed(claim: Obj, message: str, *, because: str) -> Plan:
    return Plan((RecordEvent(claim, "Warning", "ProvisioningFailed", message),), because=because)


def _is_held_back(view: View, failure: RecordEvent, now: float) -> bool:
    """Say whether what failed as *failure* says is not to be tried yet: 500 ms after the first time, then
    twice as long each time, up to 122 s (goroutinemap's exponentialbackoff). Its Event has counted the times.
    """
    for event in view.indexed("events-by-involved", uid_of(failure.regarding)):
        if event["reason"] == failure.reason and event["message"] == failure.message:
            times = int(event["count"])
            wait = doubled(times - 1, *OF_VOLUMES)
            # the Event tells whole seconds, and what failed a moment after a beat is not due at the same beat
            return now - (seconds(event["lastTimestamp"]) + 0.999) <= wait
    return False


def _set_claim_provisioner(claim: Obj, provisioner: str) -> Obj | None:
    if annotations_of(claim).get(ANN_STORAGE_PROVISIONER) == provisioner:
        return None
    return with_annotations(
        claim, {ANN_BETA_STORAGE_PROVISIONER: provisioner, ANN_STORAGE_PROVISIONER: provisioner}
    )


def _provision_in_tree(view: View, claim: Obj, storage_class: Obj) -> Plan:
    if claim["spec"].get("dataSource"):
        only = "Only CSI plugin can provision a claim with a datasource"
        problem = f'plugin "{HOST_PATH_PLUGIN}" is not a CSI plugin. {only}'
        return _failed(claim, problem, because=f"no volume could be made: {problem}")
    asked = _set_claim_provisioner(claim, HOST_PATH_PLUGIN)
    if asked is not None:  # that write brings us back
        return Plan((Update(asked),), because=f"waits for {HOST_PATH_PLUGIN} to make a volume")
    name = f"pvc-{uid_of(claim)}"
    if view.get("PersistentVolume", "", name) is not None:
        return Plan(because=f"its volume {name} was made and does not fit")
    if is_stopped(storage_class):
        return Plan(because=f"waits for provisioner {HOST_PATH_PLUGIN}, which is stopped")
    problem = _why_not_tried(view, claim, storage_class)
    if problem:
        return _failed(claim, problem, because=f"no volume could be made: {problem}")
    if claim["spec"].get("volumeMode") == "Block":
        why = f"{HOST_PATH_PLUGIN} does not support block volume provisioning"
        problem = f'Failed to provision volume with StorageClass "{name_of(storage_class)}": {why}'
        plan = _failed(claim, problem, because=f"no volume could be made: {why}")
        if SELECTED_NODE_ANNOTATION not in annotations_of(claim):
            return plan
        # The scheduler may try another node.
        again = Update(without_annotation(claim, SELECTED_NODE_ANNOTATION))
        return Plan((again, *plan.actions), because=plan.because)
    message = f"Successfully provisioned volume {name} using {HOST_PATH_PLUGIN}"
    return Plan(
        (
            Create(_host_path_volume(name, claim, storage_class), exists_ok=True),
            RecordEvent(claim, "Normal", "ProvisioningSucceeded", message),
        ),
        because=f"waits to be bound to {name}, made for it",
    )


def _why_not_tried(view: View, claim: Obj, storage_class: Obj) -> str:
    options = storage_class.get("mountOptions")
    if options:
        return (
            "Mount options are not supported by the provisioner but StorageClass "
            f'"{name_of(storage_class)}" has mount options [{" ".join(options)}]'
        )
    node = annotations_of(claim).get(SELECTED_NODE_ANNOTATION)
    if node is not None and view.get("Node", "", node) is None:
        return f'Failed to get target node: node "{node}" not found'
    return ""


def _host_path_volume(name: str, claim: Obj, storage_class: Obj) -> Obj:
    policy = storage_class.get("reclaimPolicy") or "Delete"
    directory = uuid.uuid5(uuid.NAMESPACE_OID, f"{HOST_PATH_PLUGIN} {uid_of(claim)}")
    metadata: Obj = {
        "name": name,
        "annotations": {
            "kubernetes.io/createdby": "hostpath-dynamic-provisioner",
            ANN_BOUND_BY_CONTROLLER: "yes",
            ANN_DYNAMICALLY_PROVISIONED: HOST_PATH_PLUGIN,
        },
    }
    if policy == "Delete":
        metadata["finalizers"] = [IN_TREE_FINALIZER]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata,
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "hostPath": {"path": f"/tmp/hostpath_pv/{directory}", "type": ""},
            "accessModes": claim["spec"]["accessModes"],
            "claimRef": claim_reference(claim),
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": persistent_volume_claim_class(claim),
            "volumeMode": claim["spec"].get("volumeMode") or "Filesystem",
        },
    }
