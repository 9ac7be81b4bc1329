"""The write path without a store, for storage objects and the rest, and the objects the tests start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj, copied
from core.apiserver import admission
from core.apiserver.registry import STRATEGIES
from core.apiserver.registry.context import Context
from core.client.cache import Cache
from core.sim.ids import Ids
from core.sim.settings import Settings

NOW = 1_700_000_000.0
STAMP = "2023-11-14T22:13:20Z"
RECORDED: list[Any] = json.loads(Path(__file__).with_name("recorded_storage.json").read_text())
DEFAULT_NAMESPACE: Obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}


def context(*objects: Obj) -> Context:
    return Context(NOW, Cache((DEFAULT_NAMESPACE, *objects)), Settings(), Ids(1))


def created(obj: Obj, *world: Obj) -> Obj:
    """Return *obj* as the API server would store it; nothing is validated."""
    obj, strategy, where = copied(obj), STRATEGIES[obj["kind"]], context(*world)
    strategy.defaults(obj)
    admission.admit("CREATE", obj, None, where)
    strategy.prepare_for_create(obj, where)
    return obj


def updated(obj: Obj, old: Obj, *world: Obj) -> Obj:
    obj, strategy = copied(obj), STRATEGIES[obj["kind"]]
    strategy.defaults(obj)
    strategy.prepare_for_update(obj, old, context(*world))
    return obj


def refusals(obj: Obj, *world: Obj) -> list[str]:
    return texts(STRATEGIES[obj["kind"]].validate(created(obj, *world)))


def update_refusals(obj: Obj, old: Obj, *world: Obj) -> list[str]:
    return texts(STRATEGIES[obj["kind"]].validate_update(updated(obj, old, *world), old))


def texts(errors: list[FieldError]) -> list[str]:
    return [str(error) for error in errors]


def claim(name: str = "www-web-0", *, status: Obj | None = None, **spec: Any) -> Obj:
    """Return a claim for 1Gi, ReadWriteOnce; a keyword of None leaves that field out."""
    full = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "volumeMode": "Filesystem",
        **spec,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {key: value for key, value in full.items() if value is not None},
        "status": status or {"phase": "Pending"},
    }


def bound_claim(**spec: Any) -> Obj:
    status = {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    return claim(status=status, **{"volumeName": "pv-1", "storageClassName": "standard", **spec})


def requests(size: str) -> Obj:
    return {"requests": {"storage": size}}


def volume(name: str = "pv-1", **spec: Any) -> Obj:
    """Return a host-path volume of 1Gi, ReadWriteOnce; a keyword of None leaves that field out."""
    full = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": "Filesystem",
        "hostPath": {"path": "/tmp/pv-1", "type": ""},
        **spec,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {key: value for key, value in full.items() if value is not None},
        "status": {"phase": "Available", "lastPhaseTransitionTime": STAMP},
    }


def storage_class(name: str = "standard", *, default: bool = False, born: str = STAMP, **fields: Any) -> Obj:
    key = "storageclass.kubernetes.io/is-default-class"
    annotations = {"annotations": {key: "true"}} if default else {}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "creationTimestamp": born, **annotations},
        "provisioner": "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        **fields,
    }


def service(name: str = "nginx", uid: str = "uid-nginx", **spec: Any) -> Obj:
    """Return a Service of port 80; a keyword of None leaves that field out."""
    full = {"selector": {"app": "nginx"}, "ports": [{"name": "web", "port": 80}], **spec}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "uid": uid},
        "spec": {key: value for key, value in full.items() if value is not None},
    }


def node_affinity(node: str) -> Obj:
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
