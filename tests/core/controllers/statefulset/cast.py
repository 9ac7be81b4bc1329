"""The cast of the Kubernetes tutorial: set web, its Pods and claims, as the API server stores them."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, owner_reference, ref_of
from core.apimachinery.timestamps import timestamp
from core.client.actions import Action, Create, Delete, Patch, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import Cache
from core.controllers.history import revision_data
from core.controllers.statefulset import StatefulSetController
from core.controllers.statefulset.revisions import (
    HASH_LABEL,
    hash_controller_revision,
    revision_name,
)
from core.sim.settings import Settings

NOW = 1_800_000_000.0
SET_UID = "uid-web"


def template(image: str = "nginx:1.9.1") -> Obj:
    return {
        "metadata": {"labels": {"app": "nginx"}},
        "spec": {
            "containers": [
                {
                    "name": "nginx",
                    "image": image,
                    "ports": [{"containerPort": 80, "name": "web", "protocol": "TCP"}],
                    "resources": {},
                    "volumeMounts": [{"name": "www", "mountPath": "/usr/share/nginx/html"}],
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "IfNotPresent",
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    }


OLD, NEW = template(), template("nginx:1.10")
OLD_NAME, NEW_NAME = "web-9bc76bb94", "web-95cc89b95"


def sts(replicas: int = 3, **spec: Any) -> Obj:
    """A set on template OLD; *spec* overrides, ``status`` and ``meta`` too."""
    status = spec.pop("status", {"replicas": 0, "availableReplicas": 0})
    meta = spec.pop("meta", {})
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": "web",
            "namespace": "default",
            "uid": SET_UID,
            "generation": 1,
            "resourceVersion": "7",
            **meta,
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "nginx"}},
            "template": OLD,
            "serviceName": "nginx",
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "volumeClaimTemplates": [claim_template()],
            **spec,
        },
        "status": status,
    }


def claim_template(name: str = "www") -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Pending"},
    }


def retention(when_deleted: str, when_scaled: str) -> dict[str, Any]:
    return {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": when_deleted, "whenScaled": when_scaled}}


def rolling_from(current: str = OLD_NAME, **counters: int) -> Obj:
    """Status of a set whose current revision is *current*."""
    return {"observedGeneration": 1, "currentRevision": current, "updateRevision": current, **counters}


def revision(tpl: Obj = OLD, number: int = 1, **meta: Any) -> Obj:
    data = revision_data(tpl)
    digest = hash_controller_revision(data, 0)
    name = revision_name("web", digest)
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "labels": {"app": "nginx", HASH_LABEL: digest},
            "ownerReferences": [owner_reference(sts())],
            **meta,
        },
        "data": data,
        "revision": number,
    }


def pod(
    ordinal: int, state: str = "ready", *, rev: str = OLD_NAME, ready_for: float = 60.0, **meta: Any
) -> Obj:
    """A Pod of the set. *state*: ready, running (not Ready), pending, failed, succeeded; with
    ``-terminating`` behind it, being deleted.
    """
    name = f"web-{ordinal}"
    kind, _, terminating = state.partition("-")
    status: Obj = {"phase": {"ready": "Running"}.get(kind, kind.capitalize())}
    status["conditions"] = [
        {
            "type": "Ready",
            "status": "True" if kind == "ready" else "False",
            "lastTransitionTime": timestamp(NOW - ready_for),
        }
    ]
    labels = {
        "app": "nginx",
        "controller-revision-hash": rev,
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(ordinal),
    }
    metadata: Obj = {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "resourceVersion": "9",
        "labels": labels,
        "ownerReferences": [owner_reference(sts())],
    }
    if terminating:
        metadata["deletionTimestamp"] = timestamp(NOW)
    volumes = [{"name": "www", "persistentVolumeClaim": {"claimName": f"www-{name}"}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**metadata, **meta},
        "spec": {**OLD["spec"], "hostname": name, "subdomain": "nginx", "volumes": volumes},
        "status": status,
    }


def claim(ordinal: int, *owners: Obj, **meta: Any) -> Obj:
    metadata: Obj = {"name": f"www-web-{ordinal}", "namespace": "default", "uid": f"uid-www-web-{ordinal}"}
    if owners:
        metadata["ownerReferences"] = list(owners)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {**metadata, **meta},
        "spec": claim_template()["spec"],
        "status": {"phase": "Bound"},
    }


def pod_owner(ordinal: int, uid: str = "") -> Obj:
    name = f"web-{ordinal}"
    return owner_reference(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "uid": uid or f"uid-{name}"}}
    )


SET_OWNER = owner_reference(sts())


def sync(*objects: Obj, now: float = NOW, settings: Settings | None = None) -> Plan:
    controller = StatefulSetController(settings or Settings())
    (the_set,) = [obj for obj in objects if obj["kind"] == "StatefulSet"]
    return controller.sync(Cache(objects), ref_of(the_set), now)


def told(action: Action) -> str:
    """One action in words; an Event as its reason and message."""
    match action:
        case Create(obj=obj):
            return f"create {obj['kind']} {obj['metadata']['name']}"
        case Update(obj=obj):
            return f"update {obj['kind']} {obj['metadata']['name']}"
        case UpdateStatus():
            return "status"
        case Patch(ref=ref):
            return f"patch {ref.kind} {ref.name}"
        case Delete(ref=ref):
            return f"delete {ref.kind} {ref.name}"
        case RecordEvent(reason=reason, message=message):
            return f"{reason}: {message}"
    raise AssertionError(action)


def deeds(plan: Plan) -> list[str]:
    return [told(action) for action in plan.actions]


def writes(plan: Plan) -> list[str]:
    """What the plan does, without its Events and its status."""
    return [told(a) for a in plan.actions if not isinstance(a, RecordEvent | UpdateStatus)]


def events(plan: Plan) -> list[str]:
    return [told(action) for action in plan.actions if isinstance(action, RecordEvent)]


def status(plan: Plan) -> Obj | None:
    found = [action.obj["status"] for action in plan.actions if isinstance(action, UpdateStatus)]
    return found[0] if found else None


def created(plan: Plan, kind: str) -> list[Obj]:
    return [a.obj for a in plan.actions if isinstance(a, Create) and a.obj["kind"] == kind]
