"""The API server's Table of each kind, and the text kubectl makes of it.

Source: pkg/printers/internalversion/printers.go; cli-runtime/pkg/printers/tableprinter.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from core.api.classnames import class_name_of
from core.apimachinery.duration import age
from core.apimachinery.meta import Obj, field, is_terminating
from core.apimachinery.quantity import canonical
from core.apiserver import keptprinters, networkprinters, workloadprinters
from core.apiserver.columns import Cell, Column, columns, created
from core.apiserver.podprinter import summarize

_MIN_WIDTH, _PADDING = 6, 3


class Table(NamedTuple):
    columns: tuple[Column, ...]
    rows: list[list[Cell]]


# -- cells -----------------------------------------------------------------------------------------

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def access_modes(modes: Iterable[str] | None) -> str:
    given = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def _phase(obj: Obj) -> str:
    return "Terminating" if is_terminating(obj) else field(obj, "status.phase", "")


# -- rows ------------------------------------------------------------------------------------------


def _pod(obj: Obj, now: float) -> list[Cell]:
    summary, status = summarize(obj), obj.get("status") or {}
    ips = status.get("podIPs") or ()
    gates = [gate["conditionType"] for gate in obj["spec"].get("readinessGates") or ()]
    true = sum(c["type"] in gates and c["status"] == "True" for c in status.get("conditions") or ())
    return [
        obj["metadata"]["name"],
        f"{summary.ready}/{summary.total}",
        summary.status,
        summary.restarts_text(now),
        created(obj, now),
        ips[0].get("ip") or "<none>" if ips else "<none>",
        obj["spec"].get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        f"{true}/{len(gates)}" if gates else "<none>",
    ]


def _claim(obj: Obj, now: float) -> list[Cell]:
    spec, status = obj["spec"], obj.get("status") or {}
    volume = spec.get("volumeName") or ""
    return [
        obj["metadata"]["name"],
        _phase(obj),
        volume,
        canonical(field(status, "capacity.storage", "0")) if volume else "",
        access_modes(status.get("accessModes")) if volume else "",
        class_name_of(obj),
        spec.get("volumeAttributesClassName") or "<unset>",
        created(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _volume(obj: Obj, now: float) -> list[Cell]:
    spec = obj["spec"]
    claim = spec.get("claimRef")
    return [
        obj["metadata"]["name"],
        canonical(field(spec, "capacity.storage", "0")),
        access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy") or "",
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        class_name_of(obj),
        spec.get("volumeAttributesClassName") or "<unset>",
        field(obj, "status.reason", ""),
        created(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _storage_class(obj: Obj, now: float) -> list[Cell]:
    annotations = obj["metadata"].get("annotations") or {}
    keys = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
    default = any(annotations.get(key) == "true" for key in keys)
    return [
        obj["metadata"]["name"] + (" (default)" if default else ""),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        created(obj, now),
    ]


def _node(obj: Obj, now: float) -> list[Cell]:
    status, labels = obj.get("status") or {}, obj["metadata"].get("labels") or {}
    ready = next((c["status"] for c in status.get("conditions") or () if c["type"] == "Ready"), None)
    text = "Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"
    if obj["spec"].get("unschedulable"):
        text += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = {key.removeprefix(prefix) for key in labels if key.startswith(prefix)}
    roles |= {labels.get("kubernetes.io/role", "")}
    info = status.get("nodeInfo") or {}

    def address(kind: str) -> str:
        found = (a["address"] for a in status.get("addresses") or () if a["type"] == kind)
        return next(found, "<none>")

    return [
        obj["metadata"]["name"],
        text,
        ",".join(sorted(role for role in roles if role)) or "<none>",
        created(obj, now),
        info.get("kubeletVersion", ""),
        address("InternalIP"),
        address("ExternalIP"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _namespace(obj: Obj, now: float) -> list[Cell]:
    return [obj["metadata"]["name"], field(obj, "status.phase", ""), created(obj, now)]


def _event(obj: Obj, now: float) -> list[Cell]:
    series, source, involved = obj.get("series"), obj.get("source") or {}, obj.get("involvedObject") or {}
    first = age(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = age(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    if series and series.get("lastObservedTime"):
        last = age(series["lastObservedTime"], now)
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or "").strip(),
        first,
        (series or {}).get("count") or obj.get("count") or 1,
        obj["metadata"]["name"],
    ]


def _lease(obj: Obj, now: float) -> list[Cell]:
    return [obj["metadata"]["name"], field(obj, "spec.holderIdentity", ""), created(obj, now)]


def _config_map(obj: Obj, now: float) -> list[Cell]:
    entries = len(obj.get("data") or ()) + len(obj.get("binaryData") or ())
    return [obj["metadata"]["name"], entries, created(obj, now)]


def _secret(obj: Obj, now: float) -> list[Cell]:
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or ()), created(obj, now)]


def _quota(obj: Obj, now: float) -> list[Cell]:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    told = [(name, f"{name}: {used.get(name, '0')}/{hard[name]}") for name in sorted(hard)]
    limits = [text for name, text in told if name.startswith("limits.")]
    requests = [text for name, text in told if not name.startswith("limits.")]
    return [obj["metadata"]["name"], ", ".join(requests), ", ".join(limits), created(obj, now)]


def _priority_class(obj: Obj, now: float) -> list[Cell]:
    value, default = int(obj.get("value", 0)), bool(obj.get("globalDefault"))
    policy = obj.get("preemptionPolicy") or ""
    return [obj["metadata"]["name"], value, default, created(obj, now), policy]


def _disruption_budget(obj: Obj, now: float) -> list[Cell]:
    bounds = (obj["spec"].get(name) for name in ("minAvailable", "maxUnavailable"))
    return [
        obj["metadata"]["name"],
        *("N/A" if bound is None else str(bound) for bound in bounds),
        int(field(obj, "status.disruptionsAllowed", 0)),
        created(obj, now),
    ]


_TEMPLATE = "Age, Containers:1, Images:1"
_REPLICAS = columns(f"Name, Desired(integer), Current(integer), Ready(integer), {_TEMPLATE}, Selector:1")
PRINTERS: dict[str, tuple[tuple[Column, ...], Callable[[Obj, float], list[Cell]]]] = {
    "Pod": (
        columns("Name, Ready, Status, Restarts, Age, IP:1, Node:1, Nominated Node:1, Readiness Gates:1"),
        _pod,
    ),
    "PersistentVolumeClaim": (
        columns(
            "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, "
            "VolumeMode:1"
        ),
        _claim,
    ),
    "PersistentVolume": (
        columns(
            "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, "
            "VolumeAttributesClass, Reason, Age, VolumeMode:1"
        ),
        _volume,
    ),
    "StorageClass": (
        columns("Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age"),
        _storage_class,
    ),
    "StatefulSet": (columns(f"Name, Ready, {_TEMPLATE}"), workloadprinters.stateful_set),
    "ReplicaSet": (_REPLICAS, workloadprinters.replica_set),
    "ReplicationController": (_REPLICAS, workloadprinters.replica_set),
    "Deployment": (
        columns(f"Name, Ready, Up-to-date, Available, {_TEMPLATE}, Selector:1"),
        workloadprinters.deployment,
    ),
    "DaemonSet": (
        columns(
            "Name, Desired(integer), Current(integer), Ready(integer), Up-to-date(integer),"
            f" Available(integer), Node Selector, {_TEMPLATE}, Selector:1"
        ),
        workloadprinters.daemon_set,
    ),
    "ControllerRevision": (columns("Name, Controller, Revision, Age"), workloadprinters.revision),
    "Service": (
        columns("Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector:1"),
        networkprinters.service,
    ),
    "EndpointSlice": (columns("Name, AddressType, Ports, Endpoints, Age"), networkprinters.endpoint_slice),
    "Endpoints": (columns("Name, Endpoints, Age"), networkprinters.endpoints),
    "Node": (
        columns(
            "Name, Status, Roles, Age, Version, Internal-IP:1, External-IP:1, OS-Image:1, "
            "Kernel-Version:1, Container-Runtime:1"
        ),
        _node,
    ),
    "Namespace": (columns("Name, Status, Age"), _namespace),
    "Lease": (columns("Name, Holder, Age"), _lease),
    "PodTemplate": (columns("Name, Containers, Images, Pod Labels"), workloadprinters.pod_template),
    "ServiceAccount": (columns("Name, Age"), lambda obj, now: [obj["metadata"]["name"], created(obj, now)]),
    "ConfigMap": (columns("Name, Data, Age"), _config_map),
    "Secret": (columns("Name, Type, Data, Age"), _secret),
    "ResourceQuota": (columns("Name, Request, Limit, Age"), _quota),
    "PriorityClass": (
        columns("Name, Value(integer), Global-Default(boolean), Age, PreemptionPolicy"),
        _priority_class,
    ),
    "PodDisruptionBudget": (
        columns("Name, Min Available, Max Unavailable, Allowed Disruptions(integer), Age"),
        _disruption_budget,
    ),
    "Event": (
        columns(
            "Last Seen, Type, Reason, Object, Subobject:1, Source:1, Message, First Seen:1, Count:1, Name:1"
        ),
        _event,
    ),
    **keptprinters.PRINTERS,
}


def table(kind: str, objects: Iterable[Obj], now: float) -> Table:
    """Return the Table of *objects*, all of *kind*, in the order given.

    Raises: KeyError for a kind that is not served.
    """
    shown, row = PRINTERS[kind]
    return Table(shown, [row(obj, now) for obj in objects])


# -- text ------------------------------------------------------------------------------------------


def cell_text(cell: Any) -> str:
    return ("false", "true")[cell] if isinstance(cell, bool) else str(cell)


def render(printed: Table, *, wide: bool = False, no_headers: bool = False) -> str:
    """Return what kubectl prints: columns at least 6 wide and 3 blanks apart, the last one not padded."""
    shown = [at for at, column in enumerate(printed.columns) if wide or not column.priority]
    lines = [[cell_text(row[at]) for at in shown] for row in printed.rows]
    if not no_headers:
        lines.insert(0, [printed.columns[at].name.upper() for at in shown])
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(shown) - 1)]
    padded = [max(width + _PADDING, _MIN_WIDTH) for width in widths]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(line, padded, strict=False)) + line[-1] + "\n"
        for line in lines
    )
