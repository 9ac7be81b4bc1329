"""The forms one object is answered in: list, Table, metadata only, Scale, and kinds of two versions.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go, pkg/registry/rest/table.go,
pkg/apis/core/v1 and pkg/apis/events/v1 conversions (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.api.selecting import pod_selector
from core.apimachinery import labels
from core.apimachinery.duration import age
from core.apimachinery.meta import Obj
from core.apiserver import autoscalers, printers
from core.apiserver.columns import Column
from core.apiserver.discovery import Resource

METADATA = "PartialObjectMetadata"
_META_V1 = "meta.k8s.io/v1"


def listed(resource: Resource, items: Iterable[Obj], metadata: Mapping[str, Any]) -> Obj:
    """Return a list: its items carry neither kind nor apiVersion."""
    head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
    return {**head, "items": [without_kind(item) for item in items]}


def without_kind(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def metadata_only(obj: Obj) -> Obj:
    return {"kind": METADATA, "apiVersion": _META_V1, "metadata": obj["metadata"]}


def metadata_list(items: Iterable[Obj], metadata: Mapping[str, Any]) -> Obj:
    found = [{"metadata": item["metadata"]} for item in items]
    return {"kind": f"{METADATA}List", "apiVersion": _META_V1, "metadata": metadata, "items": found}


# -- Table -----------------------------------------------------------------------------------------

_ENDED = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def table(kind: str, objects: list[Obj], now: float, include: str, metadata: Mapping[str, Any]) -> Obj:
    """Return *objects* as a metav1.Table. *include*: Metadata, Object or None, of each row."""
    made = printers.table(kind, objects, now)
    rows = []
    for obj, cells in zip(objects, made.rows, strict=True):
        row: dict[str, Any] = {"cells": cells, "object": _included(obj, include)}
        phase = (obj.get("status") or {}).get("phase") if kind == "Pod" else None
        if phase in _ENDED:
            ended = {"type": "Completed", "status": "True", "reason": phase, "message": _ENDED[phase]}
            row["conditions"] = [ended]
        rows.append(row)
    return _table(made.columns, rows, metadata)


def _table(columns: Iterable[Column], rows: list[Obj], metadata: Mapping[str, Any]) -> Obj:
    return {
        "kind": "Table",
        "apiVersion": _META_V1,
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.type,
                "format": column.format,
                "description": "",
                "priority": column.priority,
            }
            for column in columns
        ],
        "rows": rows,
    }


def _included(obj: Obj, include: str) -> Obj | None:
    if include == "None":
        return None
    return obj if include == "Object" else metadata_only(obj)


def table_bookmark(kind: str, bookmark: Obj) -> Obj:
    """Return a bookmark as a Table of one row without anything in it."""
    columns = printers.table(kind, [], 0.0).columns
    row = {"cells": ["" for _ in columns], "object": metadata_only(bookmark)}
    version = {"resourceVersion": bookmark["metadata"]["resourceVersion"]}
    return _table(columns, [row], version)


_SCALE_COLUMNS = (
    Column("Name", format="name"),
    Column("Desired", type="integer"),
    Column("Available", type="integer"),
    Column("Age"),
)


def scale_table(scale: Obj, now: float, include: str) -> Obj:
    meta = scale["metadata"]
    cells = [
        meta["name"],
        scale["spec"].get("replicas", 0),
        scale["status"]["replicas"],
        age(meta.get("creationTimestamp"), now),
    ]
    row = {"cells": cells, "object": _included(scale, include)}
    return _table(_SCALE_COLUMNS, [row], {"resourceVersion": meta["resourceVersion"]})


# -- Scale -----------------------------------------------------------------------------------------


def scale_of(obj: Obj) -> Obj:
    """Return the autoscaling/v1 Scale of what has replicas."""
    meta, replicas = obj["metadata"], obj["spec"].get("replicas", 1)
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = labels.format_selector(pod_selector(obj))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {"replicas": (obj.get("status") or {}).get("replicas", 0), "selector": selector},
    }


# -- Event of events.k8s.io ------------------------------------------------------------------------

_EVENT_FIELDS = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_CORE_FIELDS = {new: old for old, new in _EVENT_FIELDS.items()}


def differs(resource: Resource) -> bool:
    """Say whether *resource* has another form than what is stored: two kinds have two."""
    return resource.group == "events.k8s.io" or resource.api_version == autoscalers.OTHER


def stored_to_served(obj: Obj, resource: Resource) -> Obj:
    """Return a stored object as *resource* has it."""
    if not differs(resource) or obj.get("apiVersion") == resource.api_version:
        return obj
    if resource.stored == autoscalers.KIND:
        return autoscalers.to_v1(obj)
    made = {_EVENT_FIELDS.get(key, key): value for key, value in obj.items()}
    made.setdefault("eventTime", None)
    return {**made, "apiVersion": resource.api_version}


def served_to_stored(obj: Obj, resource: Resource) -> Obj:
    if not differs(resource):
        return obj
    if resource.stored == autoscalers.KIND:
        return autoscalers.to_v2(obj)
    made = {_CORE_FIELDS.get(key, key): value for key, value in obj.items()}
    made.setdefault("involvedObject", {})
    return {**made, "apiVersion": "v1"}


def stored_selector(selector: str, resource: Resource) -> str:
    """Return a field selector over *resource* as one over what is stored."""
    if resource.group != "events.k8s.io":
        return selector
    for new, old in _CORE_FIELDS.items():
        selector = selector.replace(f"{new}.", f"{old}.").replace(f"{new}=", f"{old}=")
    return selector
