"""HorizontalPodAutoscalers in their two versions: v2 is stored, v1 knows the share of cpu only.

Source: pkg/apis/autoscaling/v1/conversion.go (v1.36).
Differs: what v1 has no field for stands in its annotations in the form of v2.
"""

from __future__ import annotations

from typing import Final

import orjson

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj

KIND: Final = "HorizontalPodAutoscaler"
STORED: Final = "autoscaling/v2"
OTHER: Final = "autoscaling/v1"
_SHARE = "targetCPUUtilizationPercentage"
_ANNOTATIONS = {
    "metrics": "autoscaling.alpha.kubernetes.io/metrics",
    "behavior": "autoscaling.alpha.kubernetes.io/behavior",
}


def to_v1(obj: Obj) -> Obj:
    """Return a stored autoscaler as autoscaling/v1 has it."""
    spec = dict(obj.get("spec") or {})
    metrics = spec.pop("metrics", None) or []
    shares = [metric for metric in metrics if _share(metric) is not None]
    rest = {"metrics": [m for m in metrics if m not in shares], "behavior": spec.pop("behavior", None)}
    if shares:
        spec[_SHARE] = _share(shares[0])
    noted = {_ANNOTATIONS[name]: orjson.dumps(value).decode() for name, value in rest.items() if value}
    made = _with(obj, OTHER, spec, noted)
    told = obj.get("status") or {}
    kept = {key: told[key] for key in ("observedGeneration", "lastScaleTime") if key in told}
    counts = {key: told.get(key) or 0 for key in ("currentReplicas", "desiredReplicas")}
    return {**made, "status": {**kept, **counts}}


def _share(metric: Obj) -> int | None:
    resource = metric.get("resource") or {}
    if metric.get("type") != "Resource" or resource.get("name") != "cpu":
        return None
    share: int | None = (resource.get("target") or {}).get("averageUtilization")
    return share


def to_v2(obj: Obj) -> Obj:
    """Return an autoscaler of autoscaling/v1 as it is stored. Raises: BadRequest."""
    spec = dict(obj.get("spec") or {})
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    share = spec.pop(_SHARE, None)
    for name, key in _ANNOTATIONS.items():
        try:
            value = orjson.loads(annotations[key]) if annotations.get(key) else None
        except orjson.JSONDecodeError:
            raise BadRequest(f"the annotation {key} is not JSON") from None
        if isinstance(value, list if name == "metrics" else dict):
            spec[name] = value
    if share is not None:
        target = {"type": "Utilization", "averageUtilization": share}
        cpu = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
        spec["metrics"] = [*spec.get("metrics", []), cpu]
    return _with(obj, STORED, spec, {})


def stored(obj: Obj) -> Obj:
    """Return any object as it is stored. Raises: BadRequest."""
    return to_v2(obj) if obj.get("kind") == KIND and obj.get("apiVersion") == OTHER else obj


def _with(obj: Obj, api_version: str, spec: Obj, noted: dict[str, str]) -> Obj:
    meta = dict(obj.get("metadata") or {})
    given = meta.pop("annotations", None) or {}
    own = {key: value for key, value in given.items() if key not in _ANNOTATIONS.values()}
    if annotations := {**own, **noted}:
        meta["annotations"] = annotations
    return {**obj, "apiVersion": api_version, "metadata": meta, "spec": spec}
