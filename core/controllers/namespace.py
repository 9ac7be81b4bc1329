"""Namespace controller: empty a terminating namespace, tell what still holds it, then let it go.

Source: pkg/controller/namespace/namespace_controller.go, deletion/namespaced_resources_deleter.go and
status_condition_utils.go (v1.36).
Differs: the namespace is let go when the cache shows it empty, one sync after its last object went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from core.api.kinds import SERVED, Resource
from core.apimachinery.meta import (
    Obj,
    Ref,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    with_condition,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import NOTHING, Action, Delete, Patch, Plan, UpdateStatus
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

# Upstream gives several API servers this long to learn that the namespace takes nothing more.
DELETION_GRACE_SECONDS = 5.0
FINALIZER = "kubernetes"

_CONTENT: tuple[Resource, ...] = tuple(resource for resource in SERVED if resource.namespaced)
_Left = list[tuple[Resource, Obj]]


class NamespaceController:
    name = "namespace-controller"
    process = "kube-controller-manager"
    latency = 0.1
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {
            "Namespace": _namespace,
            **{resource.kind: _content for resource in _CONTENT},
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(namespace) for namespace in view.list("Namespace") if is_terminating(namespace)]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        namespace = view.get(*key)
        if namespace is None or not is_terminating(namespace):
            return NOTHING
        if FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return NOTHING
        early = seconds(namespace["metadata"]["deletionTimestamp"]) + DELETION_GRACE_SECONDS - now
        if early > 0:
            return Plan(requeue_after=early, because="takes nothing new, and will be emptied")
        name = name_of(namespace)
        content = [(resource, obj) for resource in _CONTENT for obj in view.live.list(resource.kind, name)]
        if not content:
            return _finalize(namespace, now)
        return _empty(namespace, content, now)


def _namespace(_view: View, _old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None and is_terminating(new) else ()


def _content(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is not None or old is None:
        return ()
    namespace = view.get("Namespace", "", namespace_of(old))
    return (ref_of(namespace),) if namespace is not None and is_terminating(namespace) else ()


def _finalize(namespace: Obj, now: float) -> Plan:
    kept = [name for name in namespace["spec"]["finalizers"] if name != FINALIZER]
    return Plan(
        (
            *_report(namespace, [], now),
            Patch(ref_of(namespace), {"spec": {"finalizers": kept}}, subresource="finalize"),
        ),
        because="is empty",
    )


def _empty(namespace: Obj, content: _Left, now: float) -> Plan:
    """Delete the Pods of *content*, and when there is none, all the rest (OrderedNamespaceDeletion)."""
    pods = [(resource, obj) for resource, obj in content if resource.kind == "Pod"]
    batch = pods or content
    deletes: list[Action] = [
        Delete(ref_of(obj), uid=obj["metadata"]["uid"], propagation="Background")
        for _, obj in batch
        if not is_terminating(obj)
    ]
    left = [(resource, obj) for resource, obj in batch if _outlives_delete(obj)]
    return Plan(
        (*deletes, *_report(namespace, left, now)),
        because=f"is emptied: {len(content)} objects remain"
        if len(content) > 1
        else "is emptied: 1 object remains",
    )


def _outlives_delete(obj: Obj) -> bool:
    """Return whether *obj* is still there after a delete: a finalizer or its kubelet holds it."""
    if finalizers_of(obj) or is_terminating(obj):
        return True
    if obj["kind"] != "Pod" or not obj["spec"].get("nodeName"):
        return False
    return obj["status"].get("phase") not in ("Succeeded", "Failed")


# -- conditions ------------------------------------------------------------------------------------


def _report(namespace: Obj, left: _Left, now: float) -> tuple[UpdateStatus, ...]:
    """Return the write of the five conditions of a terminating namespace, none when they stand already."""
    status = namespace.get("status") or {}
    conditions = before = status.get("conditions") or []
    for kind, holds, reason, message in _conditions(left):
        new = {"type": kind, "status": holds, "reason": reason, "message": message}
        conditions = with_condition(conditions, new, timestamp(now))
    if conditions == before:
        return ()
    return (UpdateStatus({**namespace, "status": {**status, "conditions": conditions}}),)


def _conditions(left: _Left) -> Iterable[tuple[str, str, str, str]]:
    discovered = "All resources successfully discovered"
    parsed = "All legacy kube types successfully parsed"
    deleted = "All content successfully deleted, may be waiting on finalization"
    yield "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", discovered
    yield "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", parsed
    yield "NamespaceDeletionContentFailure", "False", "ContentDeleted", deleted
    kinds = Counter(f"{resource.plural}.{resource.group}" for resource, _ in left)
    if kinds:
        remaining = _listed(kinds, "{} has {} resource instances")
        message = f"Some resources are remaining: {remaining}"
        yield "NamespaceContentRemaining", "True", "SomeResourcesRemain", message
    else:
        yield "NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed"
    finalizers = Counter(finalizer for _, obj in left for finalizer in finalizers_of(obj))
    if finalizers:
        remaining = _listed(finalizers, "{} in {} resource instances")
        message = f"Some content in the namespace has finalizers remaining: {remaining}"
        yield "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message
    else:
        message = "All content-preserving finalizers finished"
        yield "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", message


def _listed(counted: Counter[str], form: str) -> str:
    return ", ".join(form.format(name, number) for name, number in sorted(counted.items()))
