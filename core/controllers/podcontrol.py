"""Pod control: how a controller of interchangeable Pods makes and deletes one, and what it says of it.

Source: RealPodControl of pkg/controller/controller_utils.go (v1.36).
"""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, is_terminating, owner_reference, ref_of
from core.client.actions import Action, Create, Delete, RecordEvent
from core.client.cache import View
from core.controllers.hashing import name_suffix

Batch = tuple[Action, ...]
"""The writes and Events of one Pod."""

_LONGEST_PREFIX = 58  # of a generated name: 63 less the five letters


def fresh_names(view: View, owner: Obj, number: int) -> list[str]:
    """Return names no Pod has: the same ones for the same state of *owner*."""
    meta = owner["metadata"]
    prefix = f"{meta['name']}-"[:_LONGEST_PREFIX]
    seed = f"{meta['uid']}/{meta.get('resourceVersion', '')}"
    names: list[str] = []
    at = 0
    while len(names) < number:
        name = prefix + name_suffix(f"{seed}/{at}")
        if view.get("Pod", meta["namespace"], name) is None:
            names.append(name)
        at += 1
    return names


def create_pod(owner: Obj, name: str, labels: dict[str, str], spec: dict[str, Any]) -> Batch:
    """Return what makes a Pod of *owner*'s template, with *labels* and *spec*."""
    meta = owner["spec"]["template"].get("metadata") or {}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": f"{owner['metadata']['name']}-",
            "namespace": owner["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(owner)],
            **{key: meta[key] for key in ("annotations", "finalizers") if meta.get(key)},
        },
        "spec": spec,
    }
    refused = RecordEvent(owner, "Warning", "FailedCreate", "Error creating: {error}")
    created = RecordEvent(owner, "Normal", "SuccessfulCreate", f"Created pod: {name}")
    return (Create(pod, exists_ok=True, on_error=refused), created)


def delete_pod(owner: Obj, pod: Obj) -> Batch:
    """Return what deletes *pod*, as *owner* tells it."""
    meta = pod["metadata"]
    refused = RecordEvent(owner, "Warning", "FailedDelete", "Error deleting: {error}")
    deleted = RecordEvent(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {meta['name']}")
    return (Delete(ref_of(pod), uid=meta["uid"], on_error=refused), deleted)


def namespace_goes(view: View, owner: Obj) -> bool:
    """Say whether the namespace is on its way out: then Pods are refused, and that is no failure."""
    namespace = view.get("Namespace", "", owner["metadata"]["namespace"])
    return namespace is not None and is_terminating(namespace)
