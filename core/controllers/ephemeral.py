"""Ephemeral volume controller: make the claim of a Pod's generic ephemeral volume, owned by the Pod.

The claim goes with its Pod by garbage collection, and comes back when somebody deletes it before.
Source: pkg/controller/volume/ephemeral/controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.podclaims import claim_name_of, is_made_for, not_made_for
from core.apimachinery.meta import (
    Obj,
    Ref,
    is_terminating,
    name_of,
    namespace_of,
    owner_reference,
    ref_of,
)
from core.client.actions import NOTHING, Action, Create, Plan, RecordEvent
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings


class EphemeralVolumeController:
    name = "ephemeral_volume"
    process = "kube-controller-manager"
    latency = 0.002
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {"Pod": _pod_changed, "PersistentVolumeClaim": _claim_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(pod) for pod in view.list("Pod") if _has_work(pod)]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        pod = view.get(*key)
        if pod is None or not _has_work(pod):
            return NOTHING
        made: list[Action] = []
        for volume in pod["spec"]["volumes"]:
            if volume.get("ephemeral") is None:
                continue
            name = claim_name_of(pod, volume)
            claim = view.get("PersistentVolumeClaim", namespace_of(pod), name)
            if claim is None:
                failure = _failed(pod, volume["name"], f"create PVC {name}: {{error}}")
                made.append(Create(_claim(pod, volume, name), on_error=failure))
            elif not is_made_for(claim, pod):
                problem = not_made_for(claim, pod)
                because = f"cannot start: claim {name} is not its own"
                return Plan((*made, _failed(pod, volume["name"], problem)), because=because, failed=True)
        return Plan(tuple(made))


def _has_work(pod: Obj) -> bool:
    volumes = pod["spec"].get("volumes") or ()
    return not is_terminating(pod) and any(volume.get("ephemeral") is not None for volume in volumes)


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Only a new Pod: the volumes of a Pod never change."""
    return (ref_of(new),) if old is None and new is not None and _has_work(new) else ()


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if old is None or new is not None:
        return ()
    pods = view.indexed("pods-by-claim", (namespace_of(old), name_of(old)))
    return [ref_of(pod) for pod in pods if _has_work(pod)]


def _failed(pod: Obj, volume_name: str, problem: str) -> RecordEvent:
    return RecordEvent(pod, "Warning", "FailedBinding", f"ephemeral volume {volume_name}: {problem}")


def _claim(pod: Obj, volume: Obj, name: str) -> Obj:
    template = volume["ephemeral"]["volumeClaimTemplate"]
    metadata: Obj = {"name": name, "namespace": namespace_of(pod), "ownerReferences": [owner_reference(pod)]}
    for given in ("annotations", "labels"):
        if (template.get("metadata") or {}).get(given):
            metadata[given] = template["metadata"][given]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": template["spec"],
    }
