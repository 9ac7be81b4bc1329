"""What DELETE does to an object: at once, gracefully, or held by finalizers.

Source: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go, registry/generic/registry/store.go and
pkg/registry/core/pod/strategy.go (v1.36).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import seconds, timestamp

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_ORPHANED = ("ReplicationController",)
"""Kinds whose dependents stay, unless a delete says otherwise (DefaultGarbageCollectionPolicy)."""


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """metav1.DeleteOptions, as far as it matters here."""

    grace_period_seconds: int | None = None
    propagation: str = ""  # "", "Background", "Foreground", "Orphan"
    uid: str = ""
    resource_version: str = ""


def is_done(obj: Obj) -> bool:
    """Tell whether a terminating object has nothing left that holds it."""
    meta = obj["metadata"]
    if "deletionTimestamp" not in meta or meta.get("finalizers"):
        return False
    if obj["kind"] == "Namespace":
        return not obj["spec"].get("finalizers")
    return not meta.get("deletionGracePeriodSeconds")


def before_delete(obj: Obj, options: DeleteOptions, now: float) -> Obj | None:
    """Return the object's next revision (terminating), itself if nothing changes, or None: remove it now.

    A next revision that nothing holds (:func:`is_done`) is written and then removed: watchers see both.
    """
    if obj["kind"] == "Pod":
        return _before_graceful_delete(obj, options, now)
    finalizers = _finalizers(obj, options.propagation)
    meta = obj["metadata"]
    if "deletionTimestamp" in meta:
        return _with_finalizers(obj, finalizers)
    held = bool(finalizers) or (obj["kind"] == "Namespace" and bool(obj["spec"].get("finalizers")))
    if not held:
        return None
    out = _marked(obj, 0, finalizers, now)
    if obj["kind"] == "Namespace":
        del out["metadata"]["deletionGracePeriodSeconds"]
        out["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return out


def _before_graceful_delete(pod: Obj, options: DeleteOptions, now: float) -> Obj | None:
    """Give a Pod time to end; a later request may only shorten it, and never to a moment that is past."""
    meta, finalizers = pod["metadata"], _finalizers(pod, options.propagation)
    if "deletionTimestamp" not in meta:
        return _marked(pod, _grace(pod, options), finalizers, now)
    old_grace, grace = meta.get("deletionGracePeriodSeconds") or 0, options.grace_period_seconds
    if not old_grace:
        return _with_finalizers(pod, finalizers)
    if grace is None or grace >= old_grace:
        return pod
    # the moment of the first request plus the new, shorter period
    ends = seconds(meta["deletionTimestamp"]) - old_grace + grace
    if ends < now:
        ends, grace = now, min(abs(grace), 1)
    shorter = {**meta, "deletionTimestamp": timestamp(ends), "deletionGracePeriodSeconds": grace}
    _set_finalizers(shorter, finalizers)
    return {**pod, "metadata": shorter}


def _marked(obj: Obj, grace: int, finalizers: list[str], now: float) -> Obj:
    meta = obj["metadata"]
    new: dict[str, Any] = {
        **meta,
        "deletionTimestamp": timestamp(now + grace),
        "deletionGracePeriodSeconds": grace,
    }
    if "generation" in meta:
        new["generation"] = meta["generation"] + 1
    _set_finalizers(new, finalizers)
    return {**obj, "metadata": new}


def _with_finalizers(obj: Obj, finalizers: list[str]) -> Obj | None:
    """Return a terminating object with other finalizers, or None when nothing holds it."""
    new = dict(obj["metadata"])
    _set_finalizers(new, finalizers)
    out = obj if new == obj["metadata"] else {**obj, "metadata": new}
    return None if is_done(out) else out


def _grace(pod: Obj, options: DeleteOptions) -> int:
    """Source: podStrategy.CheckGracefulDelete."""
    period = options.grace_period_seconds
    if period is None:
        period = pod["spec"].get("terminationGracePeriodSeconds", 30)
    if not pod["spec"].get("nodeName"):
        return 0
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return 0
    return 1 if period < 0 else int(period)


def _finalizers(obj: Obj, propagation: str) -> list[str]:
    """The finalizers as the propagation policy wants them (shouldOrphan/DeleteDependents)."""
    finalizers = list(obj["metadata"].get("finalizers") or ())
    if not propagation and obj["kind"] in _ORPHANED and not {ORPHAN, FOREGROUND}.intersection(finalizers):
        propagation = "Orphan"
    if not propagation:
        return finalizers
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation)
    kept = [f for f in finalizers if f not in (ORPHAN, FOREGROUND)]
    if wanted:
        kept.append(wanted)
    return kept


def _set_finalizers(meta: dict[str, Any], finalizers: list[str]) -> None:
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
