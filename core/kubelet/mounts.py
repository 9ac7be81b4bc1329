"""A Pod's volumes on its node: may they be mounted, and which bytes stand behind which path.

Source: pkg/kubelet/volumemanager (populator, reconciler), pkg/volume/util/operationexecutor (v1.36).
Differs: a mount can be made to fail (core/api/faults.py).
Not modelled: node.status.volumesInUse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from core.api.faults import fails_to_attach
from core.api.pauses import OF_VOLUMES, doubled
from core.api.podclaims import claim_name_of, is_made_for, not_made_for
from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    field,
    finalizers_of,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from core.client.cache import View
from core.kubelet import projected
from core.kubelet.status import container_status
from core.storage.backend import backend_key, source_of
from core.storage.topology import check_volume_node_affinity
from core.storage.volumefile import is_plain

_PROTECTION = "kubernetes.io/pvc-protection"
_LOCAL = "pod-"
_RESYNC_SECONDS = 12.0  # 10 s and up to half of it more by chance


class Getter(Protocol):
    """The part of a View by which a volume is found."""

    def get(self, kind: str, namespace: str, name: str) -> Obj | None: ...


class Mount(NamedTuple):
    """One path in a container. *backend_key* None: a volume whose content is not simulated.

    *files*: those that other objects bring, by path; they are nowhere stored.
    """

    path: str
    backend_key: str | None
    read_only: bool
    volume_name: str
    claim_name: str = ""
    persistent_volume_name: str = ""
    sub_path: str = ""
    files: Mapping[str, bytes] = {}


class MountError(NamedTuple):
    """*message* of the Event FailedMount ("" for a wait without one); *words* for the page."""

    message: str
    words: str


def container_backend(pod: Obj, container_name: str, restarts: int | None = None) -> str:
    """Return the key of a container's own file system, which ends with the container.

    *restarts*: which of the containers of that name, if not the one that the Pod's status shows.
    """
    if restarts is None:
        status = container_status(pod, container_name)
        restarts = status["restartCount"] if status else 0
    return f"{_LOCAL}{uid_of(pod)}-container-{container_name}" + (f"-{restarts}" if restarts else "")


def local_backends(pod: Obj) -> list[str]:
    """Return the keys of all that ends with the Pod: its containers' file systems, its emptyDirs."""
    spec = pod["spec"]
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    volumes = [
        _empty_dir(pod, volume["name"]) for volume in spec.get("volumes") or () if "emptyDir" in volume
    ]
    return [*(container_backend(pod, container["name"]) for container in containers), *volumes]


def _empty_dir(pod: Obj, volume_name: str) -> str:
    return f"{_LOCAL}{uid_of(pod)}-volume-{volume_name}"


def is_local(backend: str) -> bool:
    """Say whether a backend ends with a Pod: a container's own file system, or an emptyDir."""
    return backend.startswith(_LOCAL)


def mounts_of(pod: Obj, view: Getter, container_name: str = "") -> list[Mount]:
    """Return the mounts of one container (the first, unless named), longest paths first."""
    spec = pod["spec"]
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    container: Obj = next((c for c in containers if not container_name or c["name"] == container_name), {})
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    out = [_mount(pod, view, volumes[m["name"]], m) for m in container.get("volumeMounts") or ()]
    return sorted(out, key=lambda mount: -len(mount.path))


def files_in(view: View, obj: Obj) -> list[Obj]:
    """Return the VolumeFile objects of a volume, or of all volumes that a Pod mounts."""
    if obj["kind"] == "PersistentVolume":
        keys = [backend_key(obj)]
    else:
        keys = [mount.backend_key for mount in mounts_of(obj, view) if mount.backend_key]
    return [f for key in dict.fromkeys(keys) for f in view.list("VolumeFile", key) if is_plain(f)]


def _mount(pod: Obj, view: Getter, volume: Obj, mount: Obj) -> Mount:
    path, name = mount["mountPath"], volume["name"]
    read_only, sub_path = bool(mount.get("readOnly")), mount.get("subPath") or ""
    claim_name = claim_name_of(pod, volume)
    if claim_name:
        claim = view.get("PersistentVolumeClaim", namespace_of(pod), claim_name)
        pv_name = claim["spec"].get("volumeName", "") if claim else ""
        pv = view.get("PersistentVolume", "", pv_name) if pv_name else None
        read_only = read_only or bool((volume.get("persistentVolumeClaim") or {}).get("readOnly"))
        key = backend_key(pv) if pv else None
        return Mount(path, key, read_only, name, claim_name, pv_name, sub_path)
    if "emptyDir" in volume:
        return Mount(path, _empty_dir(pod, name), read_only, name, sub_path=sub_path)
    if "hostPath" in volume or "nfs" in volume:
        key = backend_key({"metadata": {"name": name}, "spec": volume})
        return Mount(path, key, read_only, name, sub_path=sub_path)
    if projected.is_projected(volume):
        key, files = f"{_LOCAL}{uid_of(pod)}-projected-{name}", projected.files(pod, view, volume)
        return Mount(path, key, True, name, sub_path=sub_path, files=files)
    return Mount(path, None, True, name, sub_path=sub_path)


def mount_errors(pod: Obj, node: Obj, view: View) -> Iterator[MountError]:
    """Yield what is wrong with each volume of the Pod that cannot be mounted on *node*."""
    for volume in pod["spec"].get("volumes") or ():
        claim_name = claim_name_of(pod, volume)
        if claim_name:
            error = _claim_error(pod, node, view, volume, claim_name)
            if error is not None:
                yield error
        missing = projected.missing_file(pod, view, volume)
        if missing is not None:
            text = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {missing.message}'
            yield MountError(text, missing.words)


def pause(error: MountError, times: int) -> float:
    """Return the seconds between the *times*-th failure and the next try.

    Source: pkg/util/goroutinemap/exponentialbackoff for one volume, pkg/kubelet/pod_workers.go for the Pod.
    """
    if error.message.startswith("MountVolume"):
        return doubled(times - 1, *OF_VOLUMES)
    return _RESYNC_SECONDS


def _claim_error(pod: Obj, node: Obj, view: View, volume: Obj, claim_name: str) -> MountError | None:
    volume_name = volume["name"]
    claim = view.live.get("PersistentVolumeClaim", namespace_of(pod), claim_name)
    pv = None
    if claim is None:
        why = f'failed to fetch PVC from API server: persistentvolumeclaims "{claim_name}" not found'
        words = f"waits for claim {claim_name} to be created"
    elif volume.get("ephemeral") is not None and not is_made_for(claim, pod):
        why, words = not_made_for(claim, pod), f"cannot start: claim {claim_name} is not its own"
    elif is_terminating(claim) and _PROTECTION not in finalizers_of(claim):
        why, words = "PVC is being deleted", f"cannot start: its claim {claim_name} is being deleted"
    elif field(claim, "status.phase") != "Bound":
        why, words = "PVC is not bound", f"waits for claim {claim_name} to be bound"
    elif not claim["spec"].get("volumeName"):
        why, words = "PVC has empty pvc.Spec.VolumeName", f"waits for claim {claim_name} to be bound"
    else:
        name = claim["spec"]["volumeName"]
        pv = view.live.get("PersistentVolume", "", name)
        why = f'failed to fetch PV {name} from API server: persistentvolumes "{name}" not found'
        words = f"cannot start: volume {name} of its claim {claim_name} does not exist"
    if claim is not None and pv is not None:
        return _volume_error(pod, node, view, claim, pv)
    return MountError(
        f"Unable to attach or mount volumes: unmounted volumes=[{volume_name}], unattached volumes=[], "
        f"failed to process volumes=[{volume_name}]: error processing PVC "
        f"{namespace_of(pod)}/{claim_name}: {why}",
        words,
    )


def _volume_error(pod: Obj, node: Obj, view: View, claim: Obj, pv: Obj) -> MountError | None:
    name = name_of(pv)
    csi = pv["spec"].get("csi")
    if csi:
        unique = f"kubernetes.io/csi/{csi['driver']}^{csi['volumeHandle']}"
        if all(entry["name"] != unique for entry in field(node, "status.volumesAttached", [])):
            return MountError("", f"waits for volume {name} to be attached to {name_of(node)}")
    elif fails_to_attach(pv):
        message = f'MountVolume.SetUp failed for volume "{name}" : {_unreachable(pv)}'
        return MountError(message, f"cannot start: volume {name} cannot be mounted on {name_of(node)}")
    if not check_volume_node_affinity(pv, labels_of(node)):
        message = f'MountVolume.NodeAffinity check failed for volume "{name}" : no matching NodeSelectorTerms'
        return MountError(message, f"cannot start: volume {name} cannot be reached from {name_of(node)}")
    if "ReadWriteOncePod" in (pv["spec"].get("accessModes") or ()):
        user = _other_user(pod, view, name_of(claim))
        if user:
            return MountError(
                f'MountVolume.SetUp failed for volume "{name}" : volume uses the ReadWriteOncePod access '
                "mode and is already in use by another pod",
                f"waits for {user} to let go of volume {name}, which serves one Pod at a time",
            )
    return None


def _unreachable(pv: Obj) -> str:
    """Return what is said of a disk that is not where it should be."""
    source, content = source_of(pv)
    if source == "hostPath":
        return f"hostPath type check failed: {content.get('path')} is not a directory"
    if source == "local":
        return f'path "{content.get("path")}" does not exist'
    return "mount failed: exit status 32"


def _other_user(pod: Obj, view: View, claim_name: str) -> str:
    """Return a Pod on the same node that has the claim mounted, or ""."""
    for other in view.indexed("pods-by-claim", (namespace_of(pod), claim_name)):
        same_node = other["spec"].get("nodeName") == pod["spec"].get("nodeName")
        mounted = bool(field(other, "status.podIP"))
        if same_node and mounted and not is_terminal(other) and name_of(other) != name_of(pod):
            return name_of(other)
    return ""
