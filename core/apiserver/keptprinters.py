"""The rows of kept kinds (registry/kept): what the API server prints of what nobody acts upon.

Source: pkg/printers/internalversion/printers.go; staging/src/k8s.io/apiserver/pkg/registry/rest/table.go, for
kinds without columns of their own (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.apimachinery.duration import age, human_duration
from core.apimachinery.labels import format_selector
from core.apimachinery.meta import Obj, condition_of, field, is_terminating
from core.apimachinery.quantity import canonical
from core.apimachinery.timestamps import seconds
from core.apiserver.columns import Cell, Column, columns, created

Printer = tuple[tuple[Column, ...], Callable[[Obj, float], list[Cell]]]
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_MOST_HOSTS, _MOST_METRICS = 3, 2
_WIDEST_ADDRESS = 16
_JOB_STATES = (
    ("Complete", "Complete"),
    ("Failed", "Failed"),
    ("", "Terminating"),
    ("Suspended", "Suspended"),
    ("FailureTarget", "FailureTarget"),
    ("SuccessCriteriaMet", "SuccessCriteriaMet"),
)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _containers(template: Obj) -> tuple[str, str]:
    found = field(template, "spec.containers") or ()
    names, images = (",".join(one.get(key, "") for one in found) for key in ("name", "image"))
    return names, images


def _job(obj: Obj, now: float) -> list[Cell]:
    spec, status = obj["spec"], obj.get("status") or {}
    succeeded, parallelism = status.get("succeeded", 0), spec.get("parallelism") or 0
    wanted = spec.get("completions")
    tail = f"{wanted}" if wanted is not None else f"1 of {parallelism}" if parallelism > 1 else "1"
    started, ended = status.get("startTime"), status.get("completionTime")
    lasted = human_duration((seconds(ended) if ended else now) - seconds(started)) if started else ""
    return [
        _name(obj),
        next((word for kind, word in _JOB_STATES if _is(obj, kind)), "Running"),
        f"{succeeded}/{tail}",
        lasted,
        created(obj, now),
        *_containers(spec["template"]),
        format_selector(spec.get("selector")),
    ]


def _is(job: Obj, kind: str) -> bool:
    if not kind:
        return is_terminating(job)
    condition = condition_of(job, kind)
    return condition is not None and condition["status"] == "True"


def _cron_job(obj: Obj, now: float) -> list[Cell]:
    spec, status = obj["spec"], obj.get("status") or {}
    last, job = status.get("lastScheduleTime"), spec["jobTemplate"]["spec"]
    return [
        _name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or "<none>",
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        age(last, now) if last else "<none>",
        created(obj, now),
        *_containers(job["template"]),
        format_selector(job.get("selector")),
    ]


def _ingress(obj: Obj, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    rules = spec.get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    shown = ",".join(hosts[:_MOST_HOSTS]) or "*"
    if len(hosts) >= _MOST_HOSTS and len(rules) > _MOST_HOSTS:
        shown += f" + {len(rules) - _MOST_HOSTS} more..."
    found = field(obj, "status.loadBalancer.ingress") or ()
    address = ",".join(sorted({one.get("ip") or one.get("hostname") or "" for one in found}))
    if len(address) > _WIDEST_ADDRESS:
        address = address[: _WIDEST_ADDRESS - 3] + "..."
    ports = "80, 443" if spec.get("tls") else "80"
    return [_name(obj), spec.get("ingressClassName") or "<none>", shown, address, ports, created(obj, now)]


def _ingress_class(obj: Obj, now: float) -> list[Cell]:
    annotations = obj["metadata"].get("annotations") or {}
    name = _name(obj) + (" (default)" if annotations.get(_DEFAULT_CLASS) == "true" else "")
    given, parameters = field(obj, "spec.parameters"), "<none>"
    if given:
        group = f".{given['apiGroup']}" if given.get("apiGroup") else ""
        parameters = f"{given['kind']}{group}/{given['name']}"
    return [name, field(obj, "spec.controller", ""), parameters, created(obj, now)]


def _network_policy(obj: Obj, now: float) -> list[Cell]:
    return [_name(obj), format_selector(field(obj, "spec.podSelector")), created(obj, now)]


def _autoscaler(obj: Obj, now: float) -> list[Cell]:
    spec = obj["spec"]
    target, least = spec["scaleTargetRef"], spec.get("minReplicas")
    return [
        _name(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or []),
        "<unset>" if least is None else str(least),
        spec.get("maxReplicas", 0),
        field(obj, "status.currentReplicas", 0),
        created(obj, now),
    ]


def _metrics(metrics: list[Obj]) -> str:
    """Nobody measures: what is now is always unknown."""
    told = [_metric(metric) for metric in metrics]
    more = f" + {len(told) - _MOST_METRICS} more..." if len(told) > _MOST_METRICS else ""
    return ", ".join(told[:_MOST_METRICS]) + more if told else "<none>"


def _metric(metric: Obj) -> str:
    kind = str(metric.get("type", ""))
    source: dict[str, Any] = metric.get(kind[:1].lower() + kind[1:]) or {}
    target = source.get("target") or {}
    average, value = target.get("averageValue"), target.get("value")
    if kind in ("Resource", "ContainerResource"):
        share = target.get("averageUtilization")
        goal = canonical(average) if average is not None else "<auto>" if share is None else f"{share}%"
        return f"{source.get('name', '')}: <unknown>/{goal}"
    if kind == "Pods":
        return f"<unknown>/{canonical(average or '0')}"
    if kind in ("Object", "External"):
        return f"<unknown>/{canonical(average)} (avg)" if average else f"<unknown>/{canonical(value or '0')}"
    return "<unknown type>"


def _role_binding(obj: Obj, now: float) -> list[Cell]:
    subjects, ref = obj.get("subjects") or (), obj["roleRef"]

    def named(kind: str) -> str:
        return ", ".join(one["name"] for one in subjects if one.get("kind") == kind)

    accounts = [s for s in subjects if s.get("kind") == "ServiceAccount"]
    return [
        _name(obj),
        f"{ref.get('kind', '')}/{ref.get('name', '')}",
        created(obj, now),
        named("User"),
        named("Group"),
        ", ".join(f"{one.get('namespace', '')}/{one['name']}" for one in accounts),
    ]


def _runtime_class(obj: Obj, now: float) -> list[Cell]:
    return [_name(obj), obj.get("handler", ""), created(obj, now)]


def _csi_driver(obj: Obj, now: float) -> list[Cell]:
    spec = obj["spec"]
    tokens = spec.get("tokenRequests")
    return [
        _name(obj),
        bool(spec.get("attachRequired", True)),
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        "<unset>" if tokens is None else ",".join(one.get("audience", "") for one in tokens),
        bool(spec.get("requiresRepublish")),
        ",".join(spec.get("volumeLifecycleModes") or ()) or "<none>",
        created(obj, now),
    ]


def _csi_node(obj: Obj, now: float) -> list[Cell]:
    return [_name(obj), len(obj["spec"].get("drivers") or ()), created(obj, now)]


def _csi_storage_capacity(obj: Obj, now: float) -> list[Cell]:
    capacity = obj.get("capacity")
    return [_name(obj), obj.get("storageClassName", ""), canonical(capacity) if capacity else "<unset>"]


def _volume_attachment(obj: Obj, now: float) -> list[Cell]:
    spec = obj["spec"]
    volume = field(spec, "source.persistentVolumeName", "")
    attached = bool(field(obj, "status.attached", False))
    return [
        _name(obj),
        spec.get("attacher", ""),
        volume,
        spec.get("nodeName", ""),
        attached,
        created(obj, now),
    ]


def _plain(obj: Obj, now: float) -> list[Cell]:
    return [_name(obj), obj["metadata"].get("creationTimestamp") or ""]


_TEMPLATE = "Age, Containers:1, Images:1, Selector:1"
_PLAIN: Printer = ((*columns("Name"), Column("Created At", type="date")), _plain)
_BINDING: Printer = (columns("Name, Role, Age, Users:1, Groups:1, ServiceAccounts:1"), _role_binding)
PRINTERS: dict[str, Printer] = {
    "Job": (columns(f"Name, Status, Completions, Duration, {_TEMPLATE}"), _job),
    "CronJob": (
        columns(f"Name, Schedule, Timezone, Suspend, Active(integer), Last Schedule, {_TEMPLATE}"),
        _cron_job,
    ),
    "Ingress": (columns("Name, Class, Hosts, Address, Ports, Age"), _ingress),
    "IngressClass": (columns("Name, Controller, Parameters, Age"), _ingress_class),
    "NetworkPolicy": (columns("Name, Pod-Selector, Age"), _network_policy),
    "HorizontalPodAutoscaler": (
        columns("Name, Reference, Targets, MinPods, MaxPods, Replicas, Age"),
        _autoscaler,
    ),
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "RuntimeClass": (columns("Name, Handler, Age"), _runtime_class),
    "CSIDriver": (
        columns(
            "Name, AttachRequired(boolean), PodInfoOnMount(boolean), StorageCapacity(boolean),"
            " TokenRequests, RequiresRepublish(boolean), Modes, Age"
        ),
        _csi_driver,
    ),
    "CSINode": (columns("Name, Drivers(integer), Age"), _csi_node),
    "CSIStorageCapacity": (columns("Name, StorageClassName, Capacity"), _csi_storage_capacity),
    "VolumeAttachment": (
        columns("Name, Attacher, PV, Node, Attached(boolean), Age"),
        _volume_attachment,
    ),
    **dict.fromkeys(("Role", "ClusterRole", "LimitRange", "CustomResourceDefinition", "APIService"), _PLAIN),
    **dict.fromkeys(
        ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "CertificateSigningRequest"),
        _PLAIN,
    ),
}
