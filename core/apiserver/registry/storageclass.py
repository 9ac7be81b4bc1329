"""StorageClass strategy: defaults, what a class may say; a class hardly changes once it is there.

Source: pkg/registry/storage/storageclass/strategy.go, pkg/apis/storage/v1/defaults.go,
pkg/apis/storage/validation/validation.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    duplicate,
    immutable,
    invalid,
    label_value,
    not_supported,
    qualified_name,
    required,
    too_long,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.nodelabels import deprecation_of

KIND: Final = "StorageClass"
_RECLAIM_POLICIES: Final = ("Delete", "Retain")
_BINDING_MODES: Final = ("Immediate", "WaitForFirstConsumer")
_MAX_PARAMETERS: Final = 512
_MAX_PARAMETERS_SIZE: Final = 256 * 1024

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    if not obj.get("reclaimPolicy"):
        obj["reclaimPolicy"] = "Delete"
    if not obj.get("volumeBindingMode"):
        obj["volumeBindingMode"] = "Immediate"
    obj.setdefault("provisioner", "")


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj.pop("status", None)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj.pop("status", None)


def validate(obj: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    if not obj["provisioner"]:
        out.append(required("provisioner"))
    else:
        found = qualified_name(obj["provisioner"].lower())
        out += [invalid("provisioner", obj["provisioner"], message) for message in found]
    out += _validate_parameters(obj.get("parameters") or {})
    if obj["reclaimPolicy"] not in _RECLAIM_POLICIES:
        out.append(not_supported("reclaimPolicy", obj["reclaimPolicy"], _RECLAIM_POLICIES))
    if obj["volumeBindingMode"] not in _BINDING_MODES:
        out.append(not_supported("volumeBindingMode", obj["volumeBindingMode"], _BINDING_MODES))
    seen: list[dict[str, set[str]]] = []
    for at, term in enumerate(obj.get("allowedTopologies") or ()):
        out += _validate_topology(term, f"allowedTopologies[{at}]")
        means = {
            e.get("key") or "": set(e.get("values") or ()) for e in term.get("matchLabelExpressions") or ()
        }
        out += [
            duplicate(f"allowedTopologies[{at}].matchLabelExpressions", "") for one in seen if one == means
        ]
        seen.append(means)
    return out


def _validate_parameters(parameters: dict[str, str]) -> list[FieldError]:
    if len(parameters) > _MAX_PARAMETERS:
        return [too_long("parameters", "Provisioner Parameters exceeded max allowed", _MAX_PARAMETERS)]
    out = [invalid("parameters", key, "field can not be empty.") for key in parameters if not key]
    if sum(len(key) + len(value) for key, value in parameters.items()) > _MAX_PARAMETERS_SIZE:
        out.append(too_long("parameters", "", _MAX_PARAMETERS_SIZE))
    return out


def _validate_topology(term: Obj, path: str) -> list[FieldError]:
    out: list[FieldError] = []
    seen: set[str] = set()
    for at, requirement in enumerate(term.get("matchLabelExpressions") or ()):
        where = f"{path}.matchLabelExpressions[{at}]"
        key, values = requirement.get("key") or "", requirement.get("values") or ()
        if not values:
            out.append(required(f"{where}.values"))
        for index, value in enumerate(values):
            if value in values[:index]:
                out.append(duplicate(f"{where}.values[{index}]", value))
            out += check(f"{where}.values[{index}]", value, label_value)
        out += check(f"{where}.key", key, qualified_name)
        if key in seen:
            out.append(duplicate(f"{where}.key", key))
        seen.add(key)
    return out


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    """Source: pkg/api/storage/util.go."""
    return [
        f"allowedTopologies[{at}].matchLabelExpressions[{index}].key: {told}"
        for at, term in enumerate(obj.get("allowedTopologies") or ())
        for index, expression in enumerate(term.get("matchLabelExpressions") or ())
        if (told := deprecation_of(expression.get("key") or ""))
    ]


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    out = validate(obj)
    if (obj.get("parameters") or {}) != (old.get("parameters") or {}):
        out += immutable("parameters", obj.get("parameters"), old.get("parameters"))
    for field in ("provisioner", "reclaimPolicy", "volumeBindingMode"):
        out += immutable(field, obj[field], old[field])
    return out
