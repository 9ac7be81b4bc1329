"""Garbage collector: delete what has lost its owners, and let owners that wait for that go.

An object is a key. What is done to it depends on its own finalizers and on the state of its owners, so
each object is looked at on its own, and owners and dependents queue one another.
Source: pkg/controller/garbagecollector/{garbagecollector,graph_builder,operations}.go (v1.36).
Differs: no graph of its own; the index ``by-owner`` of the cache is the graph.
Not modelled: the Event OwnerRefInvalidNamespace; owners of kinds that are not served never go absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.api.kinds import BY_KIND, SERVED
from core.apimachinery.meta import (
    Obj,
    Ref,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    owner_references_of,
    ref_of,
    uid_of,
)
from core.client.actions import NOTHING, Action, Delete, Patch, Plan
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class GarbageCollectorController:
    name = "garbage-collector-controller"
    process = "kube-controller-manager"
    latency = 0.05
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {
            resource.kind: _concerned for resource in SERVED if resource.kind != "Event"
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        for kind in self.watches:
            for obj in view.list(kind):
                if owner_references_of(obj) or is_held(obj):
                    yield ref_of(obj)

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        obj = view.get(*key)
        if obj is None:
            return NOTHING
        if is_terminating(obj):
            if is_deleting_dependents(obj):
                return _process_deleting_dependents(view, obj)
            return _orphan_dependents(view, obj) if ORPHAN in finalizers_of(obj) else NOTHING
        if owner_references_of(obj):
            return _attempt_to_delete(view, obj)
        return NOTHING


# -- which objects a change concerns ---------------------------------------------------------------


def _concerned(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None:
        return _after_removal(view, old) if old is not None else ()
    if old is None:
        return (ref_of(new),) if new["metadata"].get("ownerReferences") or is_held(new) else ()
    meta, old_meta = new["metadata"], old["metadata"]
    if meta.get("ownerReferences") != old_meta.get("ownerReferences"):
        return [ref_of(new), *_waiting_owners(view, old)]
    if is_held(new) and _hold(new) != _hold(old):
        return [ref_of(new), *map(ref_of, _dependents(view, new))]
    return ()


def _after_removal(view: View, gone: Obj) -> list[Ref]:
    return [*map(ref_of, _dependents(view, gone)), *_waiting_owners(view, gone)]


def _waiting_owners(view: View, dependent: Obj) -> list[Ref]:
    """The owners of *dependent* that wait for it in foreground deletion."""
    references = (r for r in owner_references_of(dependent) if _resolvable(dependent, r))
    owners = (_owner(view, dependent, reference) for reference in references)
    return [ref_of(owner) for owner in owners if owner is not None and is_deleting_dependents(owner)]


# -- the graph -------------------------------------------------------------------------------------


def is_deleting_dependents(obj: Obj) -> bool:
    """Return whether *obj* is deleted in the foreground: it stays until its dependents are gone."""
    return is_terminating(obj) and FOREGROUND in finalizers_of(obj)


def is_held(obj: Obj) -> bool:
    """Return whether *obj* is terminating and one of the collector's two finalizers keeps it."""
    return bool(_hold(obj))


def _hold(obj: Obj) -> set[str]:
    """Return those of the collector's finalizers that keep *obj*, which is terminating."""
    return {FOREGROUND, ORPHAN}.intersection(finalizers_of(obj)) if is_terminating(obj) else set()


def _dependents(view: View, owner: Obj) -> list[Obj]:
    return view.indexed("by-owner", uid_of(owner))


def _owner(view: View, dependent: Obj, reference: Mapping[str, Any]) -> Obj | None:
    """Return the object that *reference* means: same name and same uid, else it counts as absent."""
    resource = BY_KIND[reference["kind"]]
    namespace = namespace_of(dependent) if resource.namespaced else ""
    owner = view.get(resource.kind, namespace, reference["name"])
    return owner if owner is not None and uid_of(owner) == reference["uid"] else None


def _resolvable(dependent: Obj, reference: Mapping[str, Any]) -> bool:
    """An owner of a served kind; what belongs to no namespace cannot have an owner in one."""
    resource = BY_KIND.get(reference["kind"])
    return resource is not None and (not resource.namespaced or bool(namespace_of(dependent)))


def _classify(view: View, obj: Obj) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the owner references of *obj* by kind: solid, dangling, waiting for dependents."""
    solid: list[Any] = []
    dangling: list[Any] = []
    waiting: list[Any] = []
    for reference in owner_references_of(obj):
        if not _resolvable(obj, reference):
            solid.append(reference)  # no one can tell that it is absent
            continue
        owner = _owner(view.live, obj, reference)  # one that the cache does not know yet is not absent
        if owner is None:
            dangling.append(reference)
        elif is_deleting_dependents(owner):
            waiting.append(reference)
        else:
            solid.append(reference)
    return solid, dangling, waiting


# -- the three decisions ---------------------------------------------------------------------------


def _attempt_to_delete(view: View, seen: Obj) -> Plan:
    """Source: attemptToDeleteItem, which asks the API server for the object and for its owners."""
    obj = view.live.get(*ref_of(seen))
    if obj is None or uid_of(obj) != uid_of(seen) or is_terminating(obj) or not owner_references_of(obj):
        return NOTHING
    solid, dangling, waiting = _classify(view, obj)
    if solid:
        if not dangling and not waiting:
            return NOTHING
        return Plan((_set_owners(obj, solid),), because="drops references to owners that are gone or going")
    if waiting and _dependents(view, obj):
        return _delete_in_foreground(view, obj, waiting)
    finalizers = finalizers_of(obj)
    propagation = "Background"
    if ORPHAN in finalizers:
        propagation = "Orphan"
    elif FOREGROUND in finalizers:
        propagation = "Foreground"
    return Plan((_delete(obj, propagation),), because=_reason(dangling, waiting))


def _delete_in_foreground(view: View, obj: Obj, waiting: list[Any]) -> Plan:
    """Delete *obj*, whose owner waits for it, so that its own dependents go first."""
    actions: list[Action] = []
    if any(is_deleting_dependents(dependent) for dependent in _dependents(view, obj)):
        # perhaps a circle, in which each would wait for the other for ever
        unblocked = [{**reference, "blockOwnerDeletion": False} for reference in owner_references_of(obj)]
        actions.append(_set_owners(obj, unblocked))
    actions.append(_delete(obj, "Foreground"))
    return Plan(tuple(actions), because=_reason([], waiting))


def _process_deleting_dependents(view: View, owner: Obj) -> Plan:
    """Source: processDeletingDependentsItem. The dependents were queued when this owner began to wait."""
    uid = uid_of(owner)
    blocking = [d for d in _dependents(view, owner) if _blocks(d, uid)]
    if not blocking:
        return Plan((_remove_finalizer(owner, FOREGROUND),), because="its dependents are gone")
    return Plan(because="waits for its dependents to be gone: " + _listed(blocking))


def _blocks(dependent: Obj, uid: str) -> bool:
    return any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in owner_references_of(dependent))


def _orphan_dependents(view: View, owner: Obj) -> Plan:
    """Source: processAttemptToOrphanWorker."""
    uid = uid_of(owner)
    actions: list[Action] = []
    for dependent in _dependents(view, owner):
        kept = [reference for reference in owner_references_of(dependent) if reference["uid"] != uid]
        actions.append(_set_owners(dependent, kept))
    actions.append(_remove_finalizer(owner, ORPHAN))
    return Plan(tuple(actions), because="lets its dependents go before it goes")


# -- actions and words -----------------------------------------------------------------------------


def _set_owners(obj: Obj, references: list[Any]) -> Patch:
    return _patch(obj, {"ownerReferences": references or None})


def _remove_finalizer(obj: Obj, finalizer: str) -> Patch:
    kept = [other for other in finalizers_of(obj) if other != finalizer]
    return _patch(obj, {"finalizers": kept or None})


def _patch(obj: Obj, metadata: dict[str, Any]) -> Patch:
    # a list is replaced whole, so the list it was derived from must still be the stored one
    version = obj["metadata"].get("resourceVersion")
    return Patch(ref_of(obj), {"metadata": {**metadata, "resourceVersion": version}}, uid=uid_of(obj))


def _delete(obj: Obj, propagation: str) -> Delete:
    return Delete(ref_of(obj), uid=uid_of(obj), propagation=propagation)


def _reason(dangling: list[Any], waiting: list[Any]) -> str:
    if waiting:
        owner = waiting[0]
        return f"goes because its owner {owner['kind']} {owner['name']} waits for its dependents to go first"
    owner = dangling[0]
    return f"goes because its owner {owner['kind']} {owner['name']} is gone"


def _listed(objects: list[Obj]) -> str:
    names = [f"{obj['kind']} {name_of(obj)}" for obj in objects[:3]]
    more = len(objects) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
