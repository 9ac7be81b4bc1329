"""The cast of the storage tests: volumes, claims, classes, Pods, nodes; and a plan's effect on them."""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref, ref_of, without
from core.client.actions import Create, Delete, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import Cache
from core.client.component import Component
from core.storage.binding import ANN_BIND_COMPLETED, ANN_BOUND_BY_CONTROLLER

MODES = {
    "RWO": "ReadWriteOnce",
    "ROX": "ReadOnlyMany",
    "RWX": "ReadWriteMany",
    "RWOP": "ReadWriteOncePod",
}
MARKS = {"bc": ANN_BIND_COMPLETED, "bbc": ANN_BOUND_BY_CONTROLLER}


def modes_of(text: str) -> list[str]:
    return [MODES[short] for short in text.split(",")]


def claim_ref(name: str, uid: str = "", namespace: str = "default") -> Obj:
    ref = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": namespace, "name": name}
    return {**ref, "uid": uid} if uid else ref


REFS = {
    "name": claim_ref("www"),
    "uid": claim_ref("www", "uid-www"),
    "other": claim_ref("other", "uid-other"),
    "old": claim_ref("www", "uid-old"),
}


def volume(name: str = "pv-1", size: str = "1Gi", modes: str = "RWO", **more: object) -> Obj:
    """*more*: phase, ref (a key of REFS or a claimRef), marks, class_, labels, source, policy, annotations,
    finalizers, deleting, and any further field of spec.
    """
    take = more.pop
    metadata: Obj = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "10",
        "labels": take("labels", {}),
        "annotations": {
            **{MARKS[mark]: "yes" for mark in str(take("marks", "")).split()},
            **take("annotations", {}),
        },
        "finalizers": take("finalizers", ["kubernetes.io/pv-protection"]),
    }
    if take("deleting", False):
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    spec: Obj = {
        "capacity": {"storage": size},
        "accessModes": modes_of(modes),
        "persistentVolumeReclaimPolicy": take("policy", "Retain"),
        "storageClassName": take("class_", ""),
        **take("source", {"hostPath": {"path": f"/tmp/{name}"}}),
    }
    ref = take("ref", None)
    if ref is not None:
        spec["claimRef"] = REFS[ref] if isinstance(ref, str) else ref
    status = {"phase": take("phase", "Available")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata,
        "spec": {**spec, **more},
        "status": status,
    }


def claim(size: str = "1Gi", modes: str = "RWO", *, name: str = "www", **more: object) -> Obj:
    """*more*: phase, marks, class_, volume (volumeName), capacity, annotations, namespace, fields of spec."""
    take = more.pop
    metadata: Obj = {
        "name": name,
        "namespace": take("namespace", "default"),
        "uid": f"uid-{name}",
        "resourceVersion": "20",
        "annotations": {
            **{MARKS[mark]: "yes" for mark in str(take("marks", "")).split()},
            **take("annotations", {}),
        },
    }
    spec: Obj = {"accessModes": modes_of(modes), "resources": {"requests": {"storage": size}}}
    class_name = take("class_", None)
    if class_name is not None:
        spec["storageClassName"] = class_name
    if "volume" in more:
        spec["volumeName"] = take("volume")
    status: Obj = {"phase": take("phase", "Pending")}
    if status["phase"] == "Bound":
        status |= {"accessModes": spec["accessModes"], "capacity": {"storage": take("capacity", size)}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {**spec, **more},
        "status": status,
    }


def storage_class(name: str, provisioner: str = "kubernetes.io/no-provisioner", **more: object) -> Obj:
    """*more*: wait (WaitForFirstConsumer), default (annotation), created, and fields of the class."""
    metadata: Obj = {"name": name, "creationTimestamp": more.pop("created", "2026-01-01T00:00:00Z")}
    if more.pop("default", False):
        metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    binding = "WaitForFirstConsumer" if more.pop("wait", False) else "Immediate"
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata,
        "provisioner": provisioner,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": binding,
        **more,
    }


def pod(name: str, claim_name: str = "www", *, node: str = "", phase: str = "Pending") -> Obj:
    mounted = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": {"volumes": [mounted], **({"nodeName": node} if node else {})},
        "status": {"phase": phase},
    }


def node(name: str = "node-a1", **labels: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": {"kubernetes.io/hostname": name, **labels},
        },
        "spec": {},
    }


def file(backend: str, name: str = "index") -> Obj:
    return {
        "apiVersion": "stsviz.internal/v1",
        "kind": "VolumeFile",
        "metadata": {"name": name, "namespace": backend, "uid": f"uid-{name}"},
        "path": "/index.html",
    }


def pinned(key: str, *values: str) -> Obj:
    """Return a nodeAffinity: only nodes whose label *key* is one of *values*."""
    expression = {"key": key, "operator": "In", "values": list(values)}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}


Change = tuple[Obj | None, Obj | None]


def perform(cache: Cache, plan: Plan) -> list[Change]:
    """Do to *cache* what the API server does: status writes keep spec, spec writes keep status.

    Return the changes (old, new) in their order.
    """
    changes: list[Change] = []
    for action in plan.actions:
        if isinstance(action, Create):
            name = action.obj["metadata"]["name"]
            metadata = {"uid": f"uid-{name}", "resourceVersion": "1", **action.obj["metadata"]}
            created = {**action.obj, "metadata": metadata, "status": {"phase": "Pending"}}
            changes.append((cache.put(created), created))
        elif isinstance(action, Update | UpdateStatus):
            changes.append(_write(cache, action))
        elif isinstance(action, Delete):
            changes.append(_delete(cache, action.ref))
    return changes


def _write(cache: Cache, action: Update | UpdateStatus) -> Change:
    stored = cache.get(*ref_of(action.obj))
    assert stored is not None
    current = stored["metadata"]["resourceVersion"]
    assert action.obj["metadata"].get("resourceVersion") in (None, current), "a stale write is refused"
    if isinstance(action, UpdateStatus):
        merged = {**stored, "status": action.obj["status"]}
    else:
        merged = {**action.obj, "status": stored.get("status", {})}
    written = {**merged, "metadata": {**merged["metadata"], "resourceVersion": str(int(current) + 1)}}
    return cache.put(written), written


def _delete(cache: Cache, ref: Ref) -> Change:
    stored = cache.get(*ref)
    if stored is None or not stored["metadata"].get("finalizers"):
        return cache.drop(ref), None
    dying = {**stored, "metadata": {**stored["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    return cache.put(dying), dying


def run(cache: Cache, components: list[Component], *changes: Change) -> list[Plan]:
    """Let *components* react to *changes* until all is quiet; return the plans that did something."""
    pending = list(changes)
    done: list[Plan] = []
    while pending:
        old, new = pending.pop(0)
        kind = (new or old or {})["kind"]
        for component in components:
            for key in component.watches.get(kind, _nobody)(cache, old, new):
                plan = component.sync(cache, key, 0.0)
                pending += perform(cache, plan)
                done += [plan] if plan.actions else []
    return done


def _nobody(view: Cache, old: Obj | None, new: Obj | None) -> list[Ref]:
    return []


def events(plan: Plan) -> list[tuple[str, str, str]]:
    return [(e.type, e.reason, e.message) for e in plan.actions if isinstance(e, RecordEvent)]


def writes(plan: Plan) -> list[str]:
    """Return the plan's writes in order: ``["Update PersistentVolume", …]``."""
    return [
        f"{type(a).__name__} {(a.ref if isinstance(a, Delete) else ref_of(a.obj)).kind}"
        for a in plan.actions
        if isinstance(a, Create | Update | UpdateStatus | Delete)
    ]


def told(obj: Obj) -> str:
    """Return what the tables say of a volume (``Bound uid bbc``) or a claim (``Bound pv-1 bc bbc 1Gi``)."""
    annotations = obj["metadata"].get("annotations") or {}
    status = obj.get("status") or {}
    pointer = obj["spec"].get("volumeName")
    capacity = (status.get("capacity") or {}).get("storage")
    if obj["kind"] == "PersistentVolume":
        ref = obj["spec"].get("claimRef")
        known = {**ref, "resourceVersion": None} if ref else None
        pointer = next(
            (key for key, r in REFS.items() if known and without(known, "resourceVersion") == r), None
        )
    marks = [mark for mark, annotation in MARKS.items() if annotation in annotations]
    return " ".join(filter(None, [status.get("phase"), pointer, *marks, capacity]))
