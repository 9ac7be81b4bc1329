"""PodDisruptionBudget strategy: one bound of two, a selector, and a status that the controller keeps.

Source: pkg/registry/policy/poddisruptionbudget/strategy.go, pkg/apis/policy/validation/validation.go (v1.36).
"""

from __future__ import annotations

import re
from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    invalid,
    non_negative,
    not_supported,
    qualified_name,
    required,
    validate_label_selector,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.counts import counters, not_more_than_100_percent, positive_int_or_percent
from core.apiserver.registry.podspec_defaults import ensured

KIND: Final = "PodDisruptionBudget"
UNCONDITIONAL_UPDATE: Final = False
_COUNTERS: Final = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_EVICTION_POLICIES: Final = ("AlwaysAllow", "IfHealthyBudget")
_STATUSES: Final = ("False", "True", "Unknown")
_REASON: Final = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_TEXT: Final = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric"
    " characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',"
    f"  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '{_REASON}')"
)


def defaults(obj: Obj) -> None:
    ensured(obj, "spec")


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = dict.fromkeys(_COUNTERS, 0)
    obj["metadata"]["generation"] = 1


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    if obj["spec"] != old["spec"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def prepare_for_status_update(obj: Obj, old: Obj, context: Context) -> None:
    """Complete the counters, which are always on the wire."""
    obj["status"] = {**dict.fromkeys(_COUNTERS, 0), **obj["status"]}


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    out: list[FieldError] = []
    if least is not None and most is not None:
        detail = "minAvailable and maxUnavailable cannot be both set"
        out.append(invalid("spec", _internal(spec), detail))
    for field, value in (("spec.minAvailable", least), ("spec.maxUnavailable", most)):
        if value is not None:
            out += positive_int_or_percent(field, value) + not_more_than_100_percent(field, value)
    out += validate_label_selector(spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTION_POLICIES:
        out.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, _EVICTION_POLICIES))
    return out


def _internal(spec: Obj) -> Obj:
    """Return the internal Go struct, as the message of a field error shows it."""
    names = ("minAvailable", "selector", "maxUnavailable", "unhealthyPodEvictionPolicy")
    return {name[0].upper() + name[1:]: spec.get(name) for name in names}


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    status = obj["status"]
    out: list[FieldError] = []
    for at, condition in enumerate(status.get("conditions") or ()):
        out += _validate_condition(condition, f"status.conditions[{at}]")
    return out + counters(status, _COUNTERS)


def _validate_condition(condition: Obj, path: str) -> list[FieldError]:
    """Source: apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateCondition."""
    kind, status = condition.get("type") or "", condition.get("status") or ""
    out = check(f"{path}.type", kind, qualified_name) if kind else [required(f"{path}.type")]
    if status not in _STATUSES:
        out.append(not_supported(f"{path}.status", status, _STATUSES))
    out += non_negative(f"{path}.observedGeneration", condition.get("observedGeneration"))
    if not condition.get("lastTransitionTime"):
        out.append(required(f"{path}.lastTransitionTime"))
    reason = condition.get("reason") or ""
    if not reason:
        out.append(required(f"{path}.reason"))
    elif not re.fullmatch(_REASON, reason):
        out.append(invalid(f"{path}.reason", reason, _REASON_TEXT))
    return out
