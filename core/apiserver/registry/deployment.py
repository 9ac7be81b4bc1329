"""Deployment strategy: defaults, validation, generation.

Source: pkg/registry/apps/deployment/strategy.go, pkg/apis/apps/v1/defaults.go,
pkg/apis/apps/validation/validation.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj, annotations_of
from core.apimachinery.validation import (
    dns1123_subdomain,
    forbidden,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.counts import (
    counters,
    int_or_percent,
    not_greater,
    not_more_than_100_percent,
    positive_int_or_percent,
)
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podspec_warnings import named_template_warnings
from core.apiserver.registry.podtemplate import Wording, validate_selector_and_template

KIND = "Deployment"
name_check = dns1123_subdomain

_WORDING = Wording(
    empty_selector="empty selector is invalid for deployment",
    no_deadline="activeDeadlineSeconds in ReplicaSet is not Supported",
    invalid_selector="invalid label selector",
)
_COUNTERS = (
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
)


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    for key, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        if spec.get(key) is None:
            spec[key] = value
    strategy = ensured(spec, "strategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = ensured(strategy, "rollingUpdate")
        for key in ("maxUnavailable", "maxSurge"):
            if rolling.get(key) is None:
                rolling[key] = "25%"
    default_pod_template(ensured(spec, "template"))


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {}
    obj["metadata"]["generation"] = 1


warnings = named_template_warnings


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    # annotations count: a rollout's change-cause is one
    if obj["spec"] != old["spec"] or annotations_of(obj) != annotations_of(old):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    errors = non_negative("spec.replicas", spec["replicas"])
    errors += validate_selector_and_template(spec, _WORDING)
    errors += _validate_strategy(spec["strategy"])
    for key in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        errors += non_negative(f"spec.{key}", spec.get(key))
    deadline = spec["progressDeadlineSeconds"]
    if deadline <= (spec.get("minReadySeconds") or 0):
        errors.append(
            invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
        )
    return errors


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    if obj["spec"] == old["spec"]:
        return []
    return validate(obj) + immutable(
        "spec.selector", obj["spec"].get("selector"), old["spec"].get("selector")
    )


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    status = obj["status"]
    errors = counters(status, _COUNTERS)
    for key, bound, name in (
        ("updatedReplicas", "replicas", "status.replicas"),
        ("readyReplicas", "replicas", "status.replicas"),
        ("availableReplicas", "replicas", "status.replicas"),
        ("availableReplicas", "readyReplicas", "readyReplicas"),
    ):
        errors += not_greater(status, key, bound, f"cannot be greater than {name}")
    return errors


def _validate_strategy(strategy: Obj) -> list[FieldError]:
    path, kind, rolling = "spec.strategy", strategy["type"], strategy.get("rollingUpdate")
    if kind == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(f"{path}.rollingUpdate", text)] if rolling is not None else []
    if kind != "RollingUpdate":
        # upstream prints the struct, by its Go names
        shown = {"Type": kind, "RollingUpdate": rolling and _go_rolling_update(rolling)}
        return [not_supported(path, shown, ("Recreate", "RollingUpdate"))]
    if rolling is None:
        return [required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")]
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    path = f"{path}.rollingUpdate"
    errors = positive_int_or_percent(f"{path}.maxUnavailable", unavailable)
    errors += positive_int_or_percent(f"{path}.maxSurge", surge)
    if int_or_percent(unavailable) == 0 and int_or_percent(surge) == 0:
        text = "may not be 0 when `maxSurge` is 0"
        errors.append(invalid(f"{path}.maxUnavailable", unavailable, text))
    return errors + not_more_than_100_percent(f"{path}.maxUnavailable", unavailable)


def _go_rolling_update(rolling: Obj) -> Obj:
    return {"MaxUnavailable": rolling.get("maxUnavailable"), "MaxSurge": rolling.get("maxSurge")}
