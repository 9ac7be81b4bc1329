"""Deployment front with its ReplicaSets, as the API server stores them."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref, owner_reference
from core.apimachinery.timestamps import timestamp
from core.client.actions import Create, Delete, Patch, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import Cache
from core.controllers.deployment import DeploymentController
from core.controllers.deployment.replicasets import DESIRED, MAXIMUM, REVISION, new_replica_set
from core.sim.settings import Settings

NOW = 1_800_000_000.0
KEY = Ref("Deployment", "default", "front")


def template(image: str = "a") -> Obj:
    return {
        "metadata": {"labels": {"app": "front"}},
        "spec": {"containers": [{"name": "nginx", "image": image}]},
    }


def condition(kind: str, status: str, reason: str, message: str = "", *, age: float = 60.0) -> Obj:
    stamp = timestamp(NOW - age)
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": stamp,
        "lastTransitionTime": stamp,
        "reason": reason,
        "message": message,
    }


AVAILABLE = condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
PROGRESSED = condition("Progressing", "True", "NewReplicaSetAvailable")


def deployment(replicas: int = 2, image: str = "a", *, revision: int = 1, **spec: Any) -> Obj:
    """*spec* overrides; ``status`` and ``meta`` too. *revision* 0: not annotated yet."""
    status = spec.pop("status", {"conditions": [AVAILABLE, PROGRESSED]})
    meta = spec.pop("meta", {})
    annotations = {REVISION: str(revision)} if revision else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "front",
            "namespace": "default",
            "uid": "uid-front",
            "generation": 1,
            "resourceVersion": "7",
            **({"annotations": annotations} if annotations else {}),
            **meta,
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "front"}},
            "template": template(image),
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
            **spec,
        },
        "status": status,
    }


def name_of(image: str) -> str:
    return str(rs(image, 0)["metadata"]["name"])


def rs(
    image: str, size: int, available: int | None = None, *, revision: int = 1, of: int = 2, **meta: Any
) -> Obj:
    """A ReplicaSet of *size*, all available unless said; annotated for a Deployment of size *of*."""
    made = new_replica_set(deployment(of, image), size, revision)
    annotations = made["metadata"]["annotations"]
    number = size if available is None else available
    counters = {"readyReplicas": number, "availableReplicas": number} if number else {}
    return {
        **made,
        "metadata": {
            **made["metadata"],
            "annotations": {**annotations, REVISION: str(revision)},
            "uid": f"uid-{image}",
            "generation": 1,
            "resourceVersion": "5",
            "creationTimestamp": timestamp(NOW - 1000 + revision),
            **meta,
        },
        "status": {"replicas": size, **counters, "terminatingReplicas": 0, "observedGeneration": 1},
    }


def pod(of: Obj, name: str = "p", phase: str = "Running") -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "labels": of["metadata"]["labels"],
            "ownerReferences": [owner_reference(of)],
        },
        "spec": {},
        "status": {"phase": phase},
    }


RECREATE = {"strategy": {"type": "Recreate"}}


def rolling(surge: int | str, unavailable: int | str) -> dict[str, Any]:
    limits = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": limits}}


def sync(*objects: Obj, now: float = NOW) -> Plan:
    return DeploymentController(Settings()).sync(Cache(objects), KEY, now)


def deeds(plan: Plan) -> list[str]:
    """The plan in words; ReplicaSets by their image, with the size they get."""
    return [_told(action) for action in plan.actions]


def _told(action: Any) -> str:
    match action:
        case Create(obj=obj):
            return f"create {_image(obj)} {obj['spec']['replicas']}"
        case Update(obj=obj):
            return f"size {_image(obj)} {obj['spec']['replicas']}"
        case UpdateStatus():
            return "status"
        case Patch(ref=ref):
            return f"patch {ref.kind}"
        case Delete(ref=ref):
            return f"delete {ref.name}"
        case RecordEvent(message=message):
            return str(message)
    raise AssertionError(action)


def _image(obj: Obj) -> str:
    return str(obj["spec"]["template"]["spec"]["containers"][0]["image"])


def sizes(plan: Plan) -> list[str]:
    return [_told(a) for a in plan.actions if isinstance(a, Create | Update | Delete)]


def status(plan: Plan) -> Obj | None:
    return next((a.obj["status"] for a in plan.actions if isinstance(a, UpdateStatus)), None)


__all__ = ["DESIRED", "MAXIMUM", "REVISION"]
