"""PVC protection controller: keep the finalizer on a claim until no Pod needs it any more.

Source: pkg/controller/volume/pvcprotection/pvc_protection_controller.go (v1.36).
Not modelled: the condition Unused of v1.37.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.api.podclaims import claim_name_of, claim_names, is_made_for
from core.apimachinery.meta import (
    Obj,
    Ref,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    replaced,
    without,
)
from core.client.actions import NOTHING, Plan, Update
from core.client.cache import View
from core.sim.settings import Settings

FINALIZER: Final = "kubernetes.io/pvc-protection"
_MAX_NAMED = 3


class PVCProtectionController:
    name = "pvc-protection-controller"
    process = "kube-controller-manager"
    latency = 0.02
    resync_period = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {"PersistentVolumeClaim": _claim_changed, "Pod": _pod_changed}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(claim) for claim in view.list("PersistentVolumeClaim") if _needs_work(claim)]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        claim = view.get(key.kind, key.namespace, key.name)
        if claim is None or not _needs_work(claim):
            return NOTHING
        if not is_terminating(claim):
            return Plan((Update(_with_finalizers(claim, [*finalizers_of(claim), FINALIZER])),))
        # what the cache does not show may be there: the API server is asked before the claim is let go
        users = [name_of(pod) for pod in pods_using(claim, view) or pods_using(claim, view.live)]
        if users:
            return Plan(because=f"is being deleted, but is kept while {_named(users)} still there")
        kept = [finalizer for finalizer in finalizers_of(claim) if finalizer != FINALIZER]
        return Plan((Update(_with_finalizers(claim, kept)),), because="is let go: no Pod uses it any more")


def _needs_work(claim: Obj) -> bool:
    """A terminating claim that is still protected may be let go; another that lacks protection gets it."""
    return (FINALIZER in finalizers_of(claim)) == is_terminating(claim)


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None and _needs_work(new) else ()


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Return the terminating claims of the Pod; only these can be waiting for it."""
    pod = new if new is not None else old
    if pod is None or not pod["spec"].get("volumes"):
        return ()
    keys = []
    for name in claim_names(pod):
        claim = view.get("PersistentVolumeClaim", namespace_of(pod), name)
        if claim is not None and is_terminating(claim):
            keys.append(ref_of(claim))
    return keys


def pods_using(claim: Obj, view: View) -> list[Obj]:
    """Return the Pods on a node that use *claim*. Their phase does not matter: a finished Pod counts."""
    users = view.indexed("pods-by-claim", (namespace_of(claim), name_of(claim)))
    return [pod for pod in users if pod["spec"].get("nodeName") and _uses(pod, claim)]


def _uses(pod: Obj, claim: Obj) -> bool:
    """Say whether *pod* names *claim*, or has it for an ephemeral volume and is not about to vanish."""
    volumes = [v for v in pod["spec"]["volumes"] if claim_name_of(pod, v) == name_of(claim)]
    if any(volume.get("persistentVolumeClaim") for volume in volumes):
        return True
    meta = pod["metadata"]
    is_shut_down = "deletionTimestamp" in meta and meta.get("deletionGracePeriodSeconds") == 0
    return not is_shut_down and is_made_for(claim, pod)


def _named(pods: list[str]) -> str:
    shown = ", ".join(f"Pod {name}" for name in pods[:_MAX_NAMED])
    more = f" and {len(pods) - _MAX_NAMED} more" if len(pods) > _MAX_NAMED else ""
    return f"{shown}{more} {'is' if len(pods) == 1 else 'are'}"


def _with_finalizers(obj: Obj, finalizers: list[str]) -> Obj:
    if not finalizers:
        return without(obj, "metadata.finalizers")
    return replaced(obj, "metadata.finalizers", finalizers)
