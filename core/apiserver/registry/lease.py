"""Lease strategy: who holds it, and for how long; an update must say which revision it has seen.

Source: pkg/registry/coordination/lease/strategy.go, pkg/apis/coordination/validation/validation.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    forbidden,
    invalid,
    non_negative,
    not_supported,
    qualified_name,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_defaults import ensured

KIND: Final = "Lease"
UNCONDITIONAL_UPDATE: Final = False
_STRATEGIES: Final = ("OldestEmulationVersion",)

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    ensured(obj, "spec")


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj.pop("status", None)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj.pop("status", None)


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    duration, strategy = spec.get("leaseDurationSeconds"), spec.get("strategy")
    out: list[FieldError] = []
    if duration is not None and duration <= 0:
        out.append(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"))
    out += non_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
    if strategy is not None and "/" in strategy:
        out += check("spec.strategy.strategy", strategy, qualified_name)
    elif strategy is not None and strategy not in _STRATEGIES:
        out.append(not_supported("spec.strategy.strategy", strategy, _STRATEGIES))
    if spec.get("preferredHolder") and not strategy:
        detail = "may only be specified if `strategy` is defined"
        out.append(forbidden("spec.preferredHolder", detail))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)
