"""The admission plugins: what the API server adds to an object, or refuses, beyond the object's own rules.

NamespaceLifecycle, DefaultStorageClass, StorageObjectInUseProtection, PersistentVolumeClaimResize,
TaintNodesByCondition; ResourceQuota stands in apiserver/quota, Priority in apiserver/priority, and
ServiceAccount and DefaultTolerationSeconds with the Pod's strategy.
Source: plugin/pkg/admission, staging/src/k8s.io/apiserver/pkg/admission/plugin (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.api.kinds import BY_KIND
from core.apimachinery import quantity
from core.apimachinery.errors import Forbidden, NotFound
from core.apimachinery.meta import Obj, finalizers_of, is_terminating, name_of, namespace_of
from core.apiserver import priority, quota
from core.apiserver.registry.context import Context
from core.apiserver.registry.pod import admit_pod
from core.storage.classes import (
    get_default_class,
    persistent_volume_claim_class,
    persistent_volume_claim_has_class,
)

PVC_PROTECTION: Final = "kubernetes.io/pvc-protection"
PV_PROTECTION: Final = "kubernetes.io/pv-protection"
NOT_READY_TAINT: Final = "node.kubernetes.io/not-ready"
_IMMORTAL_NAMESPACES: Final = ("default", "kube-system", "kube-public")
_NOT_BOUND: Final = "Only bound persistent volume claims can be expanded"
_NO_RESIZE: Final = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc"
    " must support resize"
)

Mutator = Callable[[Obj, Context], None]


def admit(verb: str, obj: Obj, old: Obj | None, context: Context) -> None:
    """Change *obj*, the registry's private copy, as the mutating plugins do. *verb*: CREATE or UPDATE.

    Raises: NotFound, Forbidden.
    """
    kind = obj["kind"]
    if verb == "UPDATE" and kind == "Pod" and old is not None:
        priority.keep_in_pod(obj, old)
    if verb != "CREATE":
        return
    if BY_KIND[kind].namespaced and kind != "VolumeFile":
        _namespace_lifecycle(obj, context)
    mutator = _MUTATORS.get(kind)
    if mutator is not None:
        mutator(obj, context)


def validate(verb: str, obj: Obj, old: Obj | None, context: Context) -> list[Obj]:
    """Refuse what the validating plugins refuse. *verb*: CREATE, UPDATE or DELETE.

    Returns what is to be written beside the object: the quotas that it is charged to.

    Raises: Forbidden.
    """
    kind = obj["kind"]
    if verb == "DELETE":
        if kind == "Namespace" and name_of(obj) in _IMMORTAL_NAMESPACES:
            raise forbidden(obj, "this namespace may not be deleted")
        if kind == "PriorityClass":
            _priority(obj, lambda: priority.validate_deletion(obj))
        return []
    if verb == "UPDATE" and kind == "PersistentVolumeClaim" and old is not None:
        _persistent_volume_claim_resize(obj, old, context)
    if kind == "PriorityClass":
        _priority(obj, lambda: priority.validate_class(obj, context))
    if not BY_KIND[kind].namespaced:
        return []
    try:
        return quota.charges(obj, old, context)
    except quota.Exceeded as error:
        raise forbidden(obj, str(error)) from None


def forbidden(obj: Obj, why: str, **details: object) -> Forbidden:
    """Return the refusal of *obj*: ``persistentvolumeclaims "www" is forbidden: <why>``."""
    resource, name = BY_KIND[obj["kind"]], obj["metadata"].get("name", "")
    message = f'{resource.group_resource} "{name}" is forbidden: {why}'
    return Forbidden(message, name=name, group=resource.group, kind=resource.plural, **details)


def _priority(obj: Obj, check: Callable[[], None]) -> None:
    try:
        check()
    except priority.Refused as error:
        raise forbidden(obj, str(error)) from None


def comes_too_late(obj: Obj, context: Context) -> bool:
    """Say whether *obj* would come into a namespace that is about to go."""
    namespace = context.view.get("Namespace", "", namespace_of(obj))
    return namespace is not None and is_terminating(namespace)


def _namespace_lifecycle(obj: Obj, context: Context) -> None:
    name = namespace_of(obj)
    namespace = context.view.get("Namespace", "", name)
    if namespace is None:
        raise NotFound(f'namespaces "{name}" not found', name=name, kind="namespaces")
    if is_terminating(namespace):
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {name} is being terminated",
            "field": "metadata.namespace",
        }
        why = f"unable to create new content in namespace {name} because it is being terminated"
        raise forbidden(obj, why, causes=[cause])


def _admit_claim(obj: Obj, context: Context) -> None:
    _add_finalizer(obj, PVC_PROTECTION)
    if not persistent_volume_claim_has_class(obj):
        default = get_default_class(context.view.list("StorageClass"))
        if default is not None:
            obj["spec"]["storageClassName"] = name_of(default)


def _admit_volume(obj: Obj, context: Context) -> None:
    _add_finalizer(obj, PV_PROTECTION)


def _add_finalizer(obj: Obj, finalizer: str) -> None:
    finalizers = finalizers_of(obj)
    if finalizer not in finalizers:
        obj["metadata"]["finalizers"] = [*finalizers, finalizer]


def _taint_nodes_by_condition(obj: Obj, context: Context) -> None:
    """A node registers as not ready; the node controller takes the taint away once it knows better."""
    taints = obj["spec"].get("taints") or []
    if not any(t.get("key") == NOT_READY_TAINT and t.get("effect") == "NoSchedule" for t in taints):
        obj["spec"]["taints"] = [*taints, {"key": NOT_READY_TAINT, "effect": "NoSchedule"}]


_MUTATORS: Final[dict[str, Mutator]] = {
    "Pod": admit_pod,
    "PersistentVolumeClaim": _admit_claim,
    "PersistentVolume": _admit_volume,
    "Node": _taint_nodes_by_condition,
}


def _persistent_volume_claim_resize(obj: Obj, old: Obj, context: Context) -> None:
    wanted, had = _request(obj), _request(old)
    if wanted == had or quantity.compare(wanted, had) <= 0:
        return
    if old["status"].get("phase") != "Bound":
        raise forbidden(obj, _NOT_BOUND)
    class_name = persistent_volume_claim_class(obj)
    same = class_name and class_name == persistent_volume_claim_class(old)
    storage_class = context.view.get("StorageClass", "", class_name) if same else None
    if storage_class is None or not storage_class.get("allowVolumeExpansion"):
        raise forbidden(obj, _NO_RESIZE)


def _request(claim: Obj) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])
