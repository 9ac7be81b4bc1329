"""The rows of what makes Pods: StatefulSets, ReplicaSets, Deployments, DaemonSets, templates, revisions.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from __future__ import annotations

from core.api.selecting import pod_selector
from core.apimachinery.labels import format_labels, format_selector
from core.apimachinery.meta import Obj, controller_of, field
from core.apiserver.columns import Cell, created


def _containers(obj: Obj, key: str) -> str:
    containers = field(obj, "spec.template.spec.containers", ())
    return ",".join(container.get(key, "") for container in containers)


def _count(obj: Obj, path: str) -> int:
    return int(field(obj, path, 0))


def stateful_set(obj: Obj, now: float) -> list[Cell]:
    return [
        obj["metadata"]["name"],
        f"{_count(obj, 'status.readyReplicas')}/{_count(obj, 'spec.replicas')}",
        created(obj, now),
        _containers(obj, "name"),
        _containers(obj, "image"),
    ]


def pod_template(obj: Obj, now: float) -> list[Cell]:
    spec, labels = obj["template"].get("spec") or {}, (obj["template"].get("metadata") or {}).get("labels")
    containers = spec.get("containers") or ()
    names, images = (
        ",".join(container.get(key, "") for container in containers) for key in ("name", "image")
    )
    return [obj["metadata"]["name"], names, images, format_labels(labels)]


def replica_set(obj: Obj, now: float) -> list[Cell]:
    return [
        obj["metadata"]["name"],
        _count(obj, "spec.replicas"),
        _count(obj, "status.replicas"),
        _count(obj, "status.readyReplicas"),
        created(obj, now),
        _containers(obj, "name"),
        _containers(obj, "image"),
        format_selector(pod_selector(obj)),
    ]


def deployment(obj: Obj, now: float) -> list[Cell]:
    return [
        obj["metadata"]["name"],
        f"{_count(obj, 'status.readyReplicas')}/{_count(obj, 'spec.replicas')}",
        _count(obj, "status.updatedReplicas"),
        _count(obj, "status.availableReplicas"),
        created(obj, now),
        _containers(obj, "name"),
        _containers(obj, "image"),
        format_selector(obj["spec"].get("selector")),
    ]


def revision(obj: Obj, now: float) -> list[Cell]:
    owner = controller_of(obj)
    controller = "<none>"
    if owner:
        group = owner["apiVersion"].rpartition("/")[0]
        controller = f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return [obj["metadata"]["name"], controller, int(obj.get("revision", 0)), created(obj, now)]


def daemon_set(obj: Obj, now: float) -> list[Cell]:
    counters = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    more = ("updatedNumberScheduled", "numberAvailable")
    return [
        obj["metadata"]["name"],
        *(_count(obj, f"status.{name}") for name in (*counters, *more)),
        format_labels(field(obj, "spec.template.spec.nodeSelector")),
        created(obj, now),
        _containers(obj, "name"),
        _containers(obj, "image"),
        format_selector(obj["spec"].get("selector")),
    ]
