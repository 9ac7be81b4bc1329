"""Small worlds for the picture: objects as the API serves them, no more fields than are looked at."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, owner_reference
from core.client.cache import Cache
from core.storage.backend import backend_key

NOW = 1_800_000_000.0
T0 = "2027-01-15T08:00:00Z"


def obj(kind: str, name: str, namespace: str = "", **fields: Any) -> Obj:
    metadata: Obj = {"name": name, "uid": f"{kind.lower()}-{name}-uid", "creationTimestamp": T0}
    if namespace:
        metadata["namespace"] = namespace
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {}, **fields}


def node(name: str, ready: bool = True) -> Obj:
    status = {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]}
    return obj("Node", name, status=status)


def stateful_set(
    name: str = "web", replicas: int = 3, templates: tuple[str, ...] = ("www",), **spec: Any
) -> Obj:
    return obj(
        "StatefulSet",
        name,
        "default",
        spec={
            "replicas": replicas,
            "serviceName": "nginx",
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1.9.1"}]},
            },
            "volumeClaimTemplates": [obj("PersistentVolumeClaim", template) for template in templates],
            **spec,
        },
        status={"readyReplicas": replicas},
    )


def deployment(name: str = "shop", replicas: int = 2) -> tuple[Obj, Obj]:
    """Return a Deployment and its ReplicaSet."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"image": "shop:2"}]}}
    spec = {"replicas": replicas, "strategy": {"type": "RollingUpdate"}, "template": template}
    deploy = obj("Deployment", name, "default", spec=spec, status={"readyReplicas": replicas})
    owned = {"ownerReferences": [owner_reference(deploy)]}
    return deploy, obj("ReplicaSet", f"{name}-6d9f8b", "default", spec=spec, metadata=owned)


def pod(
    name: str,
    owner: Obj | None = None,
    claims: tuple[str, ...] = (),
    ready: bool = True,
    at: int = 1,
    **metadata: Any,
) -> Obj:
    meta: Obj = {
        "uid": f"{abs(hash_of(name, at)):08x}-uid",
        "labels": {"pod-template-hash": "6d9f8b"},
    } | metadata
    if owner is not None:
        meta["ownerReferences"] = [owner_reference(owner)]
    volumes = [{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims]
    flag = "True" if ready else "False"
    return obj(
        "Pod",
        name,
        "default",
        metadata=meta,
        spec={"nodeName": f"node-{1 + at % 2}", "volumes": volumes, "containers": [{"name": "c"}]},
        status={
            "phase": "Running",
            "podIP": f"10.244.{1 + at % 2}.{at + 3}",
            "conditions": [{"type": "Ready", "status": flag}],
        },
    )


def hash_of(name: str, at: int) -> int:
    return sum(ord(c) * 7919 ** (i % 4) for i, c in enumerate(name)) * (at + 1) % 0xFFFFFFFF


def claim(
    name: str, volume: str = "", storage_class: str = "standard", phase: str = "Bound", **meta: Any
) -> Obj:
    spec: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    if volume:
        spec["volumeName"] = volume
    spec["storageClassName"] = storage_class
    status: Obj = {"phase": phase}
    return obj("PersistentVolumeClaim", name, "default", metadata=meta, spec=spec, status=status)


def volume(name: str, of: str = "", phase: str = "Bound", policy: str = "Delete", **meta: Any) -> Obj:
    spec: Obj = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": policy,
        "storageClassName": "standard",
        "hostPath": {"path": f"/tmp/{name}"},
    }
    if of:
        spec["claimRef"] = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": of, "uid": "x"}
    return obj("PersistentVolume", name, metadata=meta, spec=spec, status={"phase": phase})


def file_in(pv: Obj, path: str = "/index.html", content: str = "hello") -> Obj:
    return obj("VolumeFile", f"{pv['metadata']['name']}-f", backend_key(pv), path=path, content=content)


def storage_class(
    name: str = "standard", binding: str = "Immediate", provisioner: str = "kubernetes.io/host-path"
) -> Obj:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    fields: Obj = {"provisioner": provisioner, "reclaimPolicy": "Delete", "volumeBindingMode": binding}
    return obj("StorageClass", name, metadata={"annotations": annotations}, **fields)


def service(name: str = "nginx", app: str = "web", ip: str = "None") -> Obj:
    return obj("Service", name, "default", spec={"clusterIP": ip, "selector": {"app": app}})


def endpoint_slice(pods: list[Obj], name: str = "nginx") -> Obj:
    endpoints = [
        {
            "addresses": [p["status"]["podIP"]],
            "conditions": {"ready": p["status"]["conditions"][0]["status"] == "True"},
            "hostname": p["metadata"]["name"],
        }
        for p in pods
    ]
    labels = {"kubernetes.io/service-name": name}
    return obj("EndpointSlice", f"{name}-x", "default", metadata={"labels": labels}, endpoints=endpoints)


def web(replicas: int = 3, without: tuple[int, ...] = ()) -> list[Obj]:
    """Return the set web with Service, claims and volumes; the Pods of the ordinals *without* are missing."""
    sts = stateful_set(replicas=replicas)
    sts["status"] = {"readyReplicas": replicas - len(without)}
    pods = [pod(f"web-{i}", sts, (f"www-web-{i}",), at=i) for i in range(replicas) if i not in without]
    out = [node("node-1"), node("node-2"), storage_class(), service(), sts, endpoint_slice(pods), *pods]
    for i in range(replicas):
        pv = volume(f"pvc-{hash_of('v', i):08x}-0000-4000-8000-00000000{i:04x}", f"www-web-{i}")
        out += [claim(f"www-web-{i}", pv["metadata"]["name"]), pv, file_in(pv, content=f"hello from {i}")]
    return out


def cache(*objects: Obj) -> Cache:
    return Cache(objects)
