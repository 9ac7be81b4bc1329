"""The cast of the tests of the small controllers: one set's Pod, its claim and volume, two nodes."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp

NOW = 1_700_000_000.0
BORN = "2023-11-14T22:00:00Z"


def pod(name: str = "web-0", *, node: str = "node-1", ready: str = "True", **fields: Any) -> Obj:
    """Return a running Pod that mounts claim ``www-<name>``; *node* "" leaves it unscheduled."""
    spec: Obj = {
        "containers": [{"name": "nginx"}],
        "volumes": [{"name": "www", "persistentVolumeClaim": {"claimName": f"www-{name}"}}],
        **fields.pop("spec", {}),
    }
    if node:
        spec["nodeName"] = node
    conditions = [
        {"type": "Ready", "status": ready, "lastProbeTime": None, "lastTransitionTime": BORN},
        {"type": "ContainersReady", "status": "True", "lastProbeTime": None, "lastTransitionTime": BORN},
        {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": BORN},
    ]
    meta = {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "generation": 1,
        "creationTimestamp": BORN,
        **fields.pop("metadata", {}),
    }
    status = {"phase": "Running", "conditions": conditions, **fields.pop("status", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def claim(name: str = "www-web-0", *, status: Obj | None = None, **metadata: Any) -> Obj:
    """Return a bound, protected claim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "finalizers": ["kubernetes.io/pvc-protection"],
            **metadata,
        },
        "spec": {"resources": {"requests": {"storage": "1Gi"}}, "volumeName": "pv-1"},
        "status": status or {"phase": "Bound", "capacity": {"storage": "1Gi"}},
    }


def volume(phase: str = "Bound", *, spec: Obj | None = None, **metadata: Any) -> Obj:
    """Return a protected volume of claim www-web-0."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pv-1", "finalizers": ["kubernetes.io/pv-protection"], **metadata},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": "default", "name": "www-web-0"},
            **(spec or {}),
        },
        "status": {"phase": phase},
    }


def node(
    name: str = "node-1",
    *,
    ready: str = "True",
    heard: float = NOW,
    taints: tuple[Obj, ...] = (),
    **fields: Any,
) -> Obj:
    """Return a node whose kubelet last said at *heard* that it is *ready*."""
    spec: Obj = {"taints": list(taints)} if taints else {}
    conditions = [
        {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": timestamp(heard),
            "lastTransitionTime": BORN,
            "reason": f"Kubelet{kind}",
            "message": "",
        }
        for kind, status in (("MemoryPressure", "False"), ("Ready", ready))
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": BORN},
        "spec": {**spec, **fields.pop("spec", {})},
        "status": {"conditions": conditions, **fields.pop("status", {})},
    }


def taint(key: str, effect: str = "NoExecute", added: float = NOW) -> Obj:
    return {"key": key, "effect": effect, "timeAdded": timestamp(added)}
