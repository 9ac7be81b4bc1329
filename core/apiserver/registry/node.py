"""Node strategy: a node brings its own status when it registers; its taints are checked.

Source: pkg/registry/core/node/strategy.go, pkg/apis/core/v1/defaults.go,
pkg/apis/core/validation/validation.go (v1.36).
Differs: a NoExecute taint that comes without ``timeAdded`` gets it here, since the eviction controller
keeps no memory of when it first saw one.
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    duplicate,
    label_value,
    not_supported,
    qualified_name,
    required,
)
from core.apiserver.registry.context import Context

KIND: Final = "Node"
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NOT_UNIQUE: Final = "taints must be unique by key and effect pair"

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    obj["spec"] = obj.get("spec") or {}
    status = obj.get("status") or {}
    if status.get("capacity") and not status.get("allocatable"):
        obj["status"] = {**status, "allocatable": dict(status["capacity"])}


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = obj.get("status") or {}
    _stamp_taints(obj, context)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old["status"]
    _stamp_taints(obj, context)


def _stamp_taints(obj: Obj, context: Context) -> None:
    for taint in obj["spec"].get("taints") or ():
        if taint.get("effect") == "NoExecute" and not taint.get("timeAdded"):
            taint["timeAdded"] = timestamp(context.now)


def validate(obj: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for at, taint in enumerate(obj["spec"].get("taints") or ()):
        path = f"metadata.taints[{at}]"  # as upstream has it, though they stand in spec
        key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
        out += check(f"{path}.key", key, qualified_name)
        out += check(f"{path}.value", value, label_value)
        if not effect:
            out.append(required(f"{path}.effect"))
        elif effect not in _EFFECTS:
            out.append(not_supported(f"{path}.effect", effect, _EFFECTS))
        if (key, effect) in seen:
            out.append(_not_unique(path, taint))
        seen.add((key, effect))
    return out


def _not_unique(path: str, taint: Obj) -> FieldError:
    shown = {"Key": taint.get("key", ""), "Value": taint.get("value", ""), "Effect": taint.get("effect", "")}
    error = duplicate(path, {**shown, "TimeAdded": taint.get("timeAdded")})
    return FieldError(error.field, error.reason, f"{error.message}: {_NOT_UNIQUE}")


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return [] if obj["spec"] == old["spec"] else validate(obj)
