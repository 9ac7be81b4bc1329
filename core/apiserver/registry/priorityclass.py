"""PriorityClass strategy: a number with a name; neither the number nor the policy ever changes.

Source: pkg/registry/scheduling/priorityclass/strategy.go, pkg/apis/scheduling/{v1/defaults.go,
validation/validation.go} (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.api.priorities import HIGHEST_USER_DEFINABLE, SYSTEM_PREFIX, unknown_system_class
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain, forbidden, immutable
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_validation import validate_preemption_policy

KIND: Final = "PriorityClass"
name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    if obj.get("value") is None:
        obj["value"] = 0
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["metadata"]["generation"] = 1


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    """Nothing: an update changes description, default and metadata only."""


def validate(obj: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    if obj["metadata"].get("name", "").startswith(SYSTEM_PREFIX):
        why = unknown_system_class(obj)
        if why:
            reserved = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only."
            out.append(forbidden("metadata.name", f"{reserved} error: {why}"))
    elif obj["value"] > HIGHEST_USER_DEFINABLE:
        text = f"maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE}"
        out.append(forbidden("value", text))
    return out + validate_preemption_policy("preemptionPolicy", obj["preemptionPolicy"])


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    if obj["value"] != old["value"]:
        out.append(forbidden("value", "may not be changed in an update."))
    return out + immutable("preemptionPolicy", obj["preemptionPolicy"], old["preemptionPolicy"])
