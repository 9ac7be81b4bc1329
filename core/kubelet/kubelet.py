"""kubelet: run the Pods of every node, report on them, and say every ten seconds that the node lives.

Source: pkg/kubelet/kubelet.go, kubelet_node_status.go, nodestatus/setters.go (v1.36).
Differs: one component stands for the kubelets of all nodes; the heartbeat is written into the Node's
conditions (upstream: into a Lease, and into the conditions every five minutes). A node with the annotation
``stsviz.dev/power: "off"`` has no kubelet.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.api.faults import is_switched_off
from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    field,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    uid_of,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import NOTHING, Action, Delete, Plan, RecordEvent, UpdateStatus
from core.client.cache import View
from core.kubelet.mounts import local_backends
from core.kubelet.podsync import PodSync
from core.kubelet.projected import sources_of
from core.kubelet.stages import sync_pod
from core.sim.settings import Settings

HEARTBEAT_SECONDS = 10.0
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_KINDS = frozenset(kind for kind, *_ in _CONDITIONS)
_TIMED = ("command", "args", "readinessProbe", "livenessProbe", "startupProbe")


class Kubelet:
    name = "kubelet"
    process = "kubelet"
    latency = 0.01
    assumes = True  # the status manager, and the images on its disk
    resync_period: float | None = HEARTBEAT_SECONDS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.watches = {
            "Pod": _pod_changed,
            "Node": _node_changed,
            "PersistentVolumeClaim": _claim_changed,
            "PersistentVolume": _volume_changed,
            "ConfigMap": _source_changed,
            "Secret": _source_changed,
            "VolumeFile": _file_changed,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        """Nodes, for their heartbeat, and the Pods that time alone may change."""
        yield from (ref_of(node) for node in view.list("Node"))
        yield from (
            ref_of(pod) for pod in view.list("Pod") if pod["spec"].get("nodeName") and not _is_at_rest(pod)
        )

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        if key.kind == "Node":
            node = view.live.get("Node", "", key.name)
            return NOTHING if node is None else self._beat(node, now)
        if key.kind == "VolumeFile":
            return _clean_up(view, key.namespace)
        pod = view.get("Pod", key.namespace, key.name)
        node_name = pod["spec"].get("nodeName") if pod else None
        node = view.get("Node", "", node_name) if node_name else None
        if pod is None or node is None:
            return NOTHING
        return sync_pod(PodSync(view, pod, node, self._settings, now))

    def _beat(self, node: Obj, now: float) -> Plan:
        """Report the node's conditions if that is due; say so when it had been given up (NF11)."""
        if is_switched_off(node):
            return Plan(because="is switched off: its kubelet says nothing")
        ready = condition_of(node, "Ready")
        heard = seconds(ready.get("lastHeartbeatTime") or "1970-01-01T00:00:00Z") if ready else 0.0
        was_ready = ready is not None and ready["status"] == "True"
        if was_ready and now < heard + HEARTBEAT_SECONDS:
            return NOTHING
        update = UpdateStatus(replaced(node, "status.conditions", _conditions(node, timestamp(now))))
        actions: list[Action] = [update]
        if not was_ready:
            message = f"Node {name_of(node)} status is now: NodeReady"
            actions.append(RecordEvent(node, "Normal", "NodeReady", message, host=name_of(node)))
        return Plan(tuple(actions))


def _clean_up(view: View, uid: str) -> Plan:
    """Remove what was written in a Pod that is gone, or in a container of it that was restarted."""
    files = view.indexed("files-by-pod", uid)
    owner = files[0]["pod"] if files else {}
    pod = view.get("Pod", owner["namespace"], owner["name"]) if files else None
    kept = local_backends(pod) if pod is not None and uid_of(pod) == uid else ()
    stale = [file for file in files if file["metadata"]["namespace"] not in kept]
    return Plan(tuple(Delete(ref_of(file), uid=uid_of(file)) for file in stale))


def _conditions(node: Obj, stamp: str) -> list[Obj]:
    old = {c["type"]: c for c in field(node, "status.conditions", [])}
    out: list[Obj] = []
    for kind, status, reason, message in _CONDITIONS:
        before = old.get(kind)
        same = before is not None and before["status"] == status
        out.append(
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": stamp,
                "lastTransitionTime": before["lastTransitionTime"] if same and before else stamp,
                "reason": reason,
                "message": message,
            }
        )
    return out + [condition for kind, condition in old.items() if kind not in _KINDS]


def _is_at_rest(pod: Obj) -> bool:
    """Say whether nothing about the Pod depends on the time: it runs, is ready, and will go on so."""
    if is_terminating(pod):
        return False
    if is_terminal(pod):
        return True
    ready = condition_of(pod, "Ready")
    if ready is None or ready["status"] != "True" or pod["spec"].get("activeDeadlineSeconds"):
        return False
    containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    return not any(key in container for container in containers for key in _TIMED)


# -- which keys a change concerns --------------------------------------------------------------------


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is not None:
        return (ref_of(new),) if new["spec"].get("nodeName") else ()
    uid = uid_of(old) if old is not None else ""
    return (_files_of(uid),) if view.count("files-by-pod", uid) else ()


def _files_of(uid: str) -> Ref:
    """Return the key under which the files are removed that end with a Pod."""
    return Ref("VolumeFile", uid, "")


def _file_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Wake the Pods whose probes may look at the file."""
    file = new or old
    if file is None:
        return ()
    owner = file.get("pod")
    if owner:
        return (Ref("Pod", owner["namespace"], owner["name"]), _files_of(owner["uid"]))
    volumes = view.indexed("volumes-by-backend", file["metadata"]["namespace"])
    claims = [claim for volume in volumes if (claim := volume["spec"].get("claimRef"))]
    pods = [p for c in claims for p in view.indexed("pods-by-claim", (c.get("namespace"), c.get("name")))]
    return [ref_of(pod) for pod in pods if pod["spec"].get("nodeName")]


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    claim = new or old
    return _mounting(view, claim["metadata"].get("namespace", ""), claim["metadata"]["name"]) if claim else ()


def _volume_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    claim = new["spec"].get("claimRef") if new is not None else None
    return _mounting(view, claim.get("namespace", ""), claim.get("name", "")) if claim else ()


def _source_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Wake the Pods on nodes that wait for the ConfigMap or Secret."""
    if new is None:
        return ()
    wanted = (new["kind"], name_of(new))
    return [
        ref_of(pod)
        for pod in view.list("Pod", namespace_of(new))
        if pod["spec"].get("nodeName") and not _is_at_rest(pod) and wanted in sources_of(pod)
    ]


def _mounting(view: View, namespace: str, claim_name: str) -> list[Ref]:
    """Return the Pods on nodes that wait for the claim."""
    pods = view.indexed("pods-by-claim", (namespace, claim_name))
    return [ref_of(pod) for pod in pods if pod["spec"].get("nodeName") and not field(pod, "status.podIP")]


def _node_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return ()
    power_changed = old is None or is_switched_off(old) != is_switched_off(new)
    if power_changed or _readiness(old) != _readiness(new):
        return [ref_of(new), *(ref_of(pod) for pod in view.indexed("pods-by-node", name_of(new)))]
    if field(old or {}, "status.volumesAttached") != field(new, "status.volumesAttached"):
        pods = view.indexed("pods-by-node", name_of(new))
        return [ref_of(pod) for pod in pods if not field(pod, "status.podIP")]
    return ()


def _readiness(node: Obj | None) -> str:
    return str((condition_of(node or {}, "Ready") or {}).get("status"))
