"""The external provisioner rancher.io/local-path: a directory on the node that the scheduler chose.

Source: github.com/rancher/local-path-provisioner provisioner.go (v0.0.31) on
sig-storage-lib-external-provisioner controller.go (v11).
Differs: a directory is made and removed at once, without a helper Pod; a claim that cannot be provisioned
is tried again every 15 s instead of with a growing delay. It can be stopped and slowed (core/api/faults.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.faults import is_stopped, slowness
from core.apimachinery.meta import (
    Obj,
    Ref,
    annotations_of,
    is_terminating,
    labels_of,
    name_of,
    ref_of,
    uid_of,
)
from core.apimachinery.timestamps import seconds
from core.client.actions import NOTHING, Action, Create, Delete, Plan, RecordEvent, Update
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings
from core.storage.backend import backend_key
from core.storage.binding import (
    ANN_BETA_STORAGE_PROVISIONER,
    ANN_DYNAMICALLY_PROVISIONED,
    ANN_STORAGE_PROVISIONER,
    claim_reference,
    without_annotation,
)
from core.storage.classes import (
    SELECTED_NODE_ANNOTATION,
    is_delay_binding_mode,
    persistent_volume_claim_class,
    persistent_volume_class,
)
from core.storage.topology import HOSTNAME_LABEL

PROVISIONER = "rancher.io/local-path"
DIRECTORY = "/opt/local-path-provisioner"

_RETRY_SECONDS = 15.0


class LocalPathProvisioner:
    name = f"{PROVISIONER}_local-path-provisioner"
    process = PROVISIONER
    latency = 0.05
    resync_period: float | None = 900.0

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {
            "PersistentVolumeClaim": _changed,
            "PersistentVolume": _changed,
            "StorageClass": _class_changed,
            "Node": _unheard,
            "VolumeFile": _unheard,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        yield from map(ref_of, view.list("PersistentVolumeClaim"))
        yield from map(ref_of, view.list("PersistentVolume"))

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        obj = view.get(*key)
        if obj is None:
            return NOTHING
        return _sync_claim(view, obj, now) if key.kind == "PersistentVolumeClaim" else _sync_volume(view, obj)


def _changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None else ()


def _class_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """A class says nothing; but a provisioner that was stopped looks at all its work when it starts."""
    if new is None or old is None or is_stopped(new) or not is_stopped(old):
        return ()
    kinds = ("PersistentVolumeClaim", "PersistentVolume")
    return [ref_of(obj) for kind in kinds for obj in view.indexed("by-class", (kind, name_of(new)))]


def _unheard(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return ()


# -- provisioning ---------------------------------------------------------------------------------------


def _sync_claim(view: View, claim: Obj, now: float) -> Plan:
    if not _should_provision(claim):
        return NOTHING
    storage_class = view.get("StorageClass", "", persistent_volume_claim_class(claim))
    if storage_class is None:
        return NOTHING  # the binder says so
    node_name = annotations_of(claim).get(SELECTED_NODE_ANNOTATION, "")
    if is_delay_binding_mode(storage_class) and not node_name:
        return NOTHING  # the scheduler is to choose a node first
    if is_stopped(storage_class):
        return Plan(because=f"waits for provisioner {PROVISIONER}, which is stopped")
    name = f"pvc-{uid_of(claim)}"
    if view.get("PersistentVolume", "", name) is not None:
        return NOTHING  # made, and about to be bound

    node = view.get("Node", "", node_name) if node_name else None
    if node_name and node is None:
        problem = f'failed to get target node: node "{node_name}" not found'
        again = Update(without_annotation(claim, SELECTED_NODE_ANNOTATION))
        return Plan(
            (_failed(claim, problem), again), because=f"its node {node_name} is gone: another is chosen"
        )
    return _slowed(view, claim, slowness(storage_class), now) or _provision(claim, storage_class, node, name)


def _should_provision(claim: Obj) -> bool:
    annotations = annotations_of(claim)
    asked = annotations.get(ANN_STORAGE_PROVISIONER, annotations.get(ANN_BETA_STORAGE_PROVISIONER))
    return asked == PROVISIONER and not claim["spec"].get("volumeName")


def _slowed(view: View, claim: Obj, takes: float, now: float) -> Plan | None:
    """Return the wait for a volume that takes *takes* seconds to make; its first Event says since when."""
    if not takes:
        return None
    told = [e for e in view.indexed("events-by-involved", uid_of(claim)) if e["reason"] == "Provisioning"]
    due = min((seconds(event["firstTimestamp"]) for event in told), default=now) + takes
    if now >= due:
        return None
    started = () if told else (_started(claim),)
    because = f"waits for {PROVISIONER}, which is slow: a volume takes {takes:.0f} s"
    return Plan(started, due - now, because=because)


def _started(claim: Obj) -> RecordEvent:
    meta = claim["metadata"]
    message = f'External provisioner is provisioning volume for claim "{meta["namespace"]}/{meta["name"]}"'
    return RecordEvent(claim, "Normal", "Provisioning", message)


def _provision(claim: Obj, storage_class: Obj, node: Obj | None, name: str) -> Plan:
    started = _started(claim)
    if claim["spec"].get("volumeMode") == "Block":
        problem = f"{PROVISIONER} does not support block volume provisioning"
        return Plan((_failed(claim, problem),), _RETRY_SECONDS, because=problem)
    problem = _why_not_provisionable(claim, node)
    if node is None or problem:
        event = _failed(
            claim, f'failed to provision volume with StorageClass "{name_of(storage_class)}": {problem}'
        )
        return Plan((started, event), _RETRY_SECONDS, because=f"no volume could be made: {problem}")
    return Plan(
        (
            started,
            Create(_local_path_volume(name, claim, storage_class, node), exists_ok=True),
            RecordEvent(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}"),
        ),
        because=f"waits to be bound to {name}, made for it on {name_of(node)}",
    )


def _why_not_provisionable(claim: Obj, node: Obj | None) -> str:
    if claim["spec"].get("selector") is not None:
        return "claim.Spec.Selector is not supported"
    if not set(claim["spec"]["accessModes"]) <= {"ReadWriteOnce", "ReadWriteOncePod"}:
        return "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    return "configuration error, no node was specified" if node is None else ""


def _failed(claim: Obj, message: str) -> RecordEvent:
    return RecordEvent(claim, "Warning", "ProvisioningFailed", message)


def _local_path_volume(name: str, claim: Obj, storage_class: Obj, node: Obj) -> Obj:
    meta = claim["metadata"]
    hostname = labels_of(node).get(HOSTNAME_LABEL, name_of(node))
    here = {"key": HOSTNAME_LABEL, "operator": "In", "values": [hostname]}
    spec: Obj = {
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "hostPath": {
            "path": f"{DIRECTORY}/{name}_{meta['namespace']}_{meta['name']}",
            "type": "DirectoryOrCreate",
        },
        "accessModes": claim["spec"]["accessModes"],
        "claimRef": claim_reference(claim),
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "storageClassName": persistent_volume_claim_class(claim),
        "volumeMode": claim["spec"].get("volumeMode") or "Filesystem",
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
    }
    if storage_class.get("mountOptions"):
        spec["mountOptions"] = storage_class["mountOptions"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {ANN_DYNAMICALLY_PROVISIONED: PROVISIONER}},
        "spec": spec,
    }


# -- deletion -------------------------------------------------------------------------------------------


def _sync_volume(view: View, volume: Obj) -> Plan:
    """Delete the directory of a Released volume, then the volume.

    Not one that is being deleted already: whoever deletes the volume before its claim keeps the data, since
    this provisioner puts no finalizer of its own on it.
    """
    if (
        (volume.get("status") or {}).get("phase") != "Released"
        or volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete"
        or annotations_of(volume).get(ANN_DYNAMICALLY_PROVISIONED) != PROVISIONER
        or is_terminating(volume)
    ):
        return NOTHING
    if is_stopped(view.get("StorageClass", "", persistent_volume_class(volume))):
        return Plan(because=f"waits for provisioner {PROVISIONER}, which is stopped, to delete it")
    files: list[Action] = [
        Delete(ref_of(file), uid=uid_of(file)) for file in view.list("VolumeFile", backend_key(volume))
    ]
    return Plan(
        (*files, Delete(ref_of(volume), uid=uid_of(volume))),
        because="is deleted with its data, as its policy says",
    )
