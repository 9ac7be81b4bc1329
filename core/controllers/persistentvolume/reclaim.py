"""What becomes of a volume whose claim is gone: kept, wiped and offered again, or deleted with its data.

Source: pkg/controller/volume/persistentvolume/pv_controller.go (reclaimVolume), pkg/volume/hostpath (v1.36).
Differs: recycling and deleting take no time and succeed; there is no recycler Pod.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.api.faults import is_stopped
from core.apimachinery.meta import (
    Obj,
    annotations_of,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
    without,
)
from core.client.actions import Action, Delete, Plan, RecordEvent, Update
from core.client.cache import View
from core.controllers.persistentvolume.bind import fail_volume, unbind_volume
from core.storage.backend import backend_key, source_of
from core.storage.binding import ANN_DYNAMICALLY_PROVISIONED, ANN_MIGRATED_TO
from core.storage.classes import persistent_volume_class

IN_TREE_FINALIZER = "kubernetes.io/pv-controller"
HOST_PATH_PLUGIN = "kubernetes.io/host-path"

_DELETABLE_HOST_PATH = re.compile(r"/tmp/.+")


def reclaim_volume(view: View, volume: Obj) -> Plan:
    """Decide about a Released or Failed volume. A Failed one is tried again at every sync."""
    if ANN_MIGRATED_TO in annotations_of(volume):
        return Plan(because=f"is left to {annotations_of(volume)[ANN_MIGRATED_TO]}")
    policy = volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"
    if policy == "Retain":
        return Plan(because=f"still remembers claim {_claim(volume)}: an operator must clear claimRef")
    if policy == "Recycle":
        return _recycle_volume(view, volume)
    if policy == "Delete":
        return _delete_volume(view, volume)
    message = "Volume has unrecognized PersistentVolumeReclaimPolicy"
    return Plan(
        fail_volume(volume, "VolumeUnknownReclaimPolicy", message), because=f"has no known policy: {policy}"
    )


def _claim(volume: Obj) -> str:
    ref = volume["spec"]["claimRef"]
    return f"{ref.get('namespace', '')}/{ref['name']}"


def _recycle_volume(view: View, volume: Obj) -> Plan:
    ref = volume["spec"]["claimRef"]
    users = _pods_using(view, ref.get("namespace", ""), ref["name"])
    # A claim of that name that exists is a new one with another volume, and the Pods are its.
    if users and view.get("PersistentVolumeClaim", ref.get("namespace", ""), ref["name"]) is None:
        message = f"Volume is used by pods: {','.join(users)}"
        return Plan(
            (RecordEvent(volume, "Normal", "VolumeFailedRecycle", message),),
            because=f"waits for pods {', '.join(users)} to end before it is wiped",
        )
    if source_of(volume)[0] not in ("hostPath", "nfs"):
        message = "No recycler plugin found for the volume!"
        return Plan(
            fail_volume(volume, "VolumeFailedRecycle", message),
            because="cannot be recycled: nobody knows how to wipe a volume of this type",
        )
    recycled = RecordEvent(volume, "Normal", "VolumeRecycled", "Volume recycled")
    return Plan(
        (*_wipe(view, volume), recycled, *unbind_volume(volume)), because="was wiped and is offered again"
    )


def _pods_using(view: View, namespace: str, claim: str) -> Sequence[str]:
    pods = view.indexed("pods-by-claim", (namespace, claim))
    live = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
    return sorted(f"{namespace_of(pod)}/{name_of(pod)}" for pod in live)


def _delete_volume(view: View, volume: Obj) -> Plan:
    provisioner = annotations_of(volume).get(ANN_DYNAMICALLY_PROVISIONED, "")
    source, content = source_of(volume)
    if provisioner and not provisioner.startswith("kubernetes.io/"):
        return Plan(because=f"waits for its provisioner {provisioner} to delete it")
    if provisioner and is_stopped(view.get("StorageClass", "", persistent_volume_class(volume))):
        return Plan(because=f"waits for provisioner {provisioner}, which is stopped, to delete it")
    if source == "csi":
        return Plan(because="nobody deletes it: a CSI volume made by hand has no provisioner")
    problem = _why_not_deletable(volume, provisioner, source, content.get("path", ""))
    if problem:
        because = f"its data could not be deleted: {problem}"
        return Plan(fail_volume(volume, "VolumeFailedDelete", problem), because=because)

    # The data is gone before the object is: were it the other way round, a crash between would leak it.
    actions = [*_wipe(view, volume)]
    if IN_TREE_FINALIZER in finalizers_of(volume):
        actions.append(Update(without_deletion_finalizer(volume)))
    if not is_terminating(volume):
        actions.append(Delete(ref_of(volume), uid=uid_of(volume)))
    return Plan(tuple(actions), because="is deleted with its data, as its policy says")


def without_deletion_finalizer(volume: Obj) -> Obj:
    kept = [name for name in finalizers_of(volume) if name != IN_TREE_FINALIZER]
    if kept:
        return replaced(volume, "metadata.finalizers", kept)
    return without(volume, "metadata.finalizers")


def _why_not_deletable(volume: Obj, provisioner: str, source: str, path: str) -> str:
    if provisioner and provisioner != HOST_PATH_PLUGIN:
        return f"no volume plugin matched name: {provisioner}"
    if source != "hostPath":
        # the process has plugins for local and nfs, which delete nothing, and for no other source
        which = "deletable volume" if source in ("local", "nfs") else "volume"
        matched = f"no {which} plugin matched"
        return f'error getting deleter volume plugin for volume "{name_of(volume)}": {matched}'
    if not _DELETABLE_HOST_PATH.search(path):  # unanchored, as upstream's
        return f"host_path deleter only supports /tmp/.+ but received provided {path}"
    return ""


def _wipe(view: View, volume: Obj) -> Sequence[Action]:
    return [Delete(ref_of(file), uid=uid_of(file)) for file in view.list("VolumeFile", backend_key(volume))]
