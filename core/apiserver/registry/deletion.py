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
    """Return the object's next revision (terminating), itself if nothing changes, or None: remove it now."""
    grace = _grace(obj, options)
    finalizers = _finalizers(obj, options.propagation)
    meta = obj["metadata"]
    if "deletionTimestamp" in meta:
        return _shortened(obj, grace, finalizers)
    held = bool(finalizers) or (obj["kind"] == "Namespace" and bool(obj["spec"].get("finalizers")))
    if not grace and not held:
        return None
    new: dict[str, Any] = {
        **meta,
        "deletionTimestamp": timestamp(now + grace),
        "deletionGracePeriodSeconds": grace,
    }
    if obj["kind"] == "Namespace":
        del new["deletionGracePeriodSeconds"]
    if "generation" in meta:
        new["generation"] = meta["generation"] + 1
    _set_finalizers(new, finalizers)
    out = {**obj, "metadata": new}
    if obj["kind"] == "Namespace":
        out["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return out


def _shortened(obj: Obj, grace: int, finalizers: list[str]) -> Obj | None:
    meta = obj["metadata"]
    old_grace = meta.get("deletionGracePeriodSeconds", 0)
    new = dict(meta)
    if grace < old_grace:
        # the moment of the first request plus the new, shorter period
        new["deletionTimestamp"] = timestamp(seconds(meta["deletionTimestamp"]) - old_grace + grace)
        new["deletionGracePeriodSeconds"] = grace
    _set_finalizers(new, finalizers)
    out = obj if new == meta else {**obj, "metadata": new}
    return None if is_done(out) else out


def _grace(obj: Obj, options: DeleteOptions) -> int:
    if obj["kind"] != "Pod":
        return 0
    period = options.grace_period_seconds
    if period is None:
        period = obj["spec"].get("terminationGracePeriodSeconds", 30)
    if not obj["spec"].get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
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
