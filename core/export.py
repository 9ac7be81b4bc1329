"""What people made of a cluster, as they would write it: to be applied to another one.

Left out is what the system fills in, what components made, and what a volume holds. Whoever changed an
object since it was applied gets it as it is now, with its defaults.
Source: what `kubectl get -o yaml` shows and `kubectl apply` takes; kubectl has no such command itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from core.api.kinds import SERVED
from core.apimachinery.decode import decode
from core.apimachinery.errors import ApiError
from core.apimachinery.meta import (
    Obj,
    Ref,
    annotations_of,
    controller_of,
    copied,
    field,
    is_terminating,
    ref_of,
    without,
)
from core.apiserver.registry import STRATEGIES
from core.client.cache import View
from core.storage.binding import (
    ANN_BETA_STORAGE_PROVISIONER,
    ANN_BIND_COMPLETED,
    ANN_BOUND_BY_CONTROLLER,
    ANN_DYNAMICALLY_PROVISIONED,
    ANN_STORAGE_PROVISIONER,
)
from core.storage.classes import SELECTED_NODE_ANNOTATION

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_REVISION = "deployment.kubernetes.io/revision"
_SYSTEMS_ANNOTATIONS = frozenset(
    {
        *(
            ANN_BETA_STORAGE_PROVISIONER,
            ANN_BIND_COMPLETED,
            ANN_BOUND_BY_CONTROLLER,
            ANN_DYNAMICALLY_PROVISIONED,
        ),
        *(ANN_STORAGE_PROVISIONER, SELECTED_NODE_ANNOTATION, _LAST_APPLIED, _REVISION),
    }
)
_FIRST = (  # what others need is applied before them
    *("Namespace", "PriorityClass", "StorageClass", "RuntimeClass", "Node", "ResourceQuota", "LimitRange"),
    *("ServiceAccount", "Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Service"),
)
_NEVER = frozenset({"Event", "Lease", "ControllerRevision", "Endpoints", "EndpointSlice", "VolumeAttachment"})
_SYSTEMS_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Node": ("spec.podCIDR", "spec.podCIDRs", "spec.taints"),
    "Service": ("spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"),
    "PersistentVolume": ("spec.claimRef.uid", "spec.claimRef.resourceVersion"),
    "Namespace": ("spec.finalizers",),
}
_KEPT_METADATA = ("name", "namespace", "labels", "annotations")


def written(view: View, made_by_person: Callable[[Ref], bool | None]) -> list[Obj]:
    """Return what people made and nobody is deleting, in an order in which it can be applied.

    *made_by_person* says who created an object; None when the history does not tell any more.
    """
    found = [
        as_written(obj)
        for resource in SERVED
        if resource.kind not in _NEVER
        for obj in view.list(resource.kind)
        if _is_wish(obj, made_by_person)
    ]
    return sorted(found, key=_place)


def _is_wish(obj: Obj, made_by_person: Callable[[Ref], bool | None]) -> bool:
    if is_terminating(obj) or controller_of(obj) is not None:
        return False
    by_person = made_by_person(ref_of(obj))
    return by_person if by_person is not None else _LAST_APPLIED in annotations_of(obj)


def _place(obj: Obj) -> tuple[int, str, str]:
    kind, meta = obj["kind"], obj["metadata"]
    place = _FIRST.index(kind) if kind in _FIRST else len(_FIRST) + (kind == "Pod")
    return place, meta.get("namespace", ""), meta["name"]


def as_written(obj: Obj) -> Obj:
    """Return *obj* as its author wrote it, or as it is, without what the system put in, when that differs."""
    applied = _applied(obj)
    live = _plain(obj, applied or {})
    if applied is None:
        return live
    return applied if live == _plain(_defaulted(applied), applied) else live


def _applied(obj: Obj) -> Obj | None:
    """Return what was applied last, if that can be read: anybody may have written the annotation."""
    try:
        text: Obj = orjson.loads(annotations_of(obj).get(_LAST_APPLIED, ""))
        meta = text["metadata"]
        if not meta.get("annotations"):
            meta.pop("annotations", None)
        same = (text["kind"], meta["name"]) == (obj["kind"], obj["metadata"]["name"])
        return decode(text, obj["kind"]).obj if same else None
    except (ValueError, TypeError, KeyError, AttributeError, ApiError):
        return None


def _defaulted(obj: Obj) -> Obj:
    obj = copied(obj)
    STRATEGIES[obj["kind"]].defaults(obj)
    return obj


def _plain(obj: Obj, applied: Obj) -> Obj:
    """Return *obj* without what the system put in; *applied*: what its author wrote, {} for unknown."""
    kind, bound_by_system = obj["kind"], ANN_BOUND_BY_CONTROLLER in annotations_of(obj)
    gone = ["status", *_SYSTEMS_FIELDS.get(kind, ())]
    if bound_by_system:
        gone += {"PersistentVolume": ["spec.claimRef"], "PersistentVolumeClaim": ["spec.volumeName"]}.get(
            kind, []
        )
    if kind == "Service" and field(obj, "spec.clusterIP") != "None":
        gone.append("spec.clusterIP")
    for path in gone:
        obj = without(obj, path)
    if kind == "Pod" and field(applied, "spec.nodeName") is None:
        obj = without(obj, "spec.nodeName")
    meta = {name: value for name, value in obj["metadata"].items() if name in _KEPT_METADATA and value}
    notes = {name: text for name, text in annotations_of(obj).items() if name not in _SYSTEMS_ANNOTATIONS}
    meta.pop("annotations", None)
    if notes:
        meta["annotations"] = notes
    head = {"apiVersion": obj["apiVersion"], "kind": kind, "metadata": meta}
    return {**head, **{name: value for name, value in obj.items() if name not in head}}
