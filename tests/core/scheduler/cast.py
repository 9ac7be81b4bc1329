"""The cast of the scheduler's tests: two nodes, Pods, claims, volumes, classes."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref
from core.client.actions import Plan, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.scheduler.scheduler import Scheduler
from core.sim.settings import Settings

NOW = 1_800_000_000.0


def node(name: str, *, labels: Obj | None = None, pods: str = "110", cpu: str = "4", **spec: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": spec,
        "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": pods}},
    }


def pod(name: str, *claims: str, uid: str = "", status: Obj | None = None, **spec: Any) -> Obj:
    volumes = [{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims]
    labels = spec.pop("labels", {"app": "nginx"})
    requests = spec.pop("requests", None)
    container = {"name": "nginx", "image": "nginx", "resources": {"requests": requests} if requests else {}}
    owner = {"kind": "StatefulSet", "name": "web", "uid": "set", "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": uid or f"uid-{name}",
            "generation": 1,
            "resourceVersion": "7",
            "labels": labels,
            "ownerReferences": [owner],
        },
        "spec": {"containers": [container], "volumes": volumes, **spec},
        "status": {"phase": "Pending", "qosClass": "BestEffort", **(status or {})},
    }


def claim(name: str, *, volume: str = "", bound: bool = False, **spec: Any) -> Obj:
    annotations = spec.pop("annotations", {})
    if bound:
        annotations = {**annotations, "pv.kubernetes.io/bind-completed": "yes"}
    if volume:
        spec["volumeName"] = volume
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "resourceVersion": "3",
            "annotations": annotations,
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "standard",
            "volumeMode": "Filesystem",
            **spec,
        },
        "status": {"phase": "Bound" if bound else "Pending"},
    }


def volume(name: str, *, on: str = "", claim_ref: Obj | None = None, **spec: Any) -> Obj:
    if on:
        expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [on]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    if claim_ref:
        spec["claimRef"] = claim_ref
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": spec.pop("labels", {})},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "storageClassName": "local",
            "volumeMode": "Filesystem",
            "local": {"path": "/mnt"},
            **spec,
        },
        "status": {"phase": "Bound" if claim_ref else "Available"},
    }


def storage_class(name: str, *, delayed: bool = False, provisioner: str = "example.com/disk") -> Obj:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "uid": f"uid-{name}"},
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer" if delayed else "Immediate",
    }


IMMEDIATE = storage_class("standard")
LOCAL = storage_class("local", delayed=True, provisioner="kubernetes.io/no-provisioner")
DELAYED = storage_class("wait", delayed=True)
NODES = (node("node-1"), node("node-2"))


def schedule(subject: Obj, *others: Obj, wording: str = "W35") -> Plan:
    key = Ref("Pod", "default", subject["metadata"]["name"])
    return Scheduler(Settings(wording=wording)).sync(Cache([subject, *others]), key, NOW)


def failure(plan: Plan) -> str:
    """Return the text of FailedScheduling, after checking that the Pod's condition says the same."""
    status, event = plan.actions
    assert isinstance(event, RecordEvent)
    assert isinstance(status, UpdateStatus)
    assert (event.reason, event.type, event.action) == ("FailedScheduling", "Warning", "Scheduling")
    assert status.obj["status"]["conditions"][-1]["message"] == event.message
    return event.message
